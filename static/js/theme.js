// Runs before the page is drawn: says that scripts run, and takes the system's theme without a flash.
document.documentElement.classList.add("js");
if (matchMedia("(prefers-color-scheme: dark)").matches) document.documentElement.dataset.frTheme = "dark";
