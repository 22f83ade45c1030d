// SPDX-License-Identifier: GPL-3.0-or-later
// Runs first, in the JavaScript of old browsers: tells the reader of any error, and of a browser that cannot show the page.
(function () {
  var NEEDED = "It needs a browser of 2023 or later: Chrome or Edge 80, Firefox 113, Safari 16.4, or newer.";
  function tell(text) {
    var place = document.getElementById("trouble");
    if (!place || !place.hidden) return; // the first error is the cause; others follow from it
    place.hidden = false;
    place.removeAttribute("hidden");
    place.appendChild(document.createTextNode(text));
    document.body.setAttribute("data-trouble", "yes");
  }
  window.onerror = function (message) {
    if (/SyntaxError/.test(message)) tell("This browser cannot run the page. " + NEEDED);
    else tell("The page has stopped: " + message + ". Open it again; if that does not help, write a new page from the results " +
              "file, or report this line together with the last but one line of the page.");
  };
  window.onunhandledrejection = function (event) { window.onerror(String(event.reason)); };
  if (typeof DecompressionStream === "undefined" || typeof URLSearchParams === "undefined" || typeof Promise === "undefined")
    tell("This browser cannot unpack the page's numbers. " + NEEDED);
})();
