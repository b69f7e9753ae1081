// Gives the verification's widget the one worker that it needs: a file of ours, which the content security policy takes.

const travail = document.querySelector("[data-travail]").dataset.travail;
globalThis.$altcha.algorithms.set("PBKDF2/SHA-256", () => new Worker(travail));
