// Runs before the page is drawn: says that scripts run, and takes the system's theme without a flash.
document.documentElement.classList.add("js");
document.documentElement.dataset.frTheme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
