// Joins allauth's passkey script to our buttons: which form is on the page, and what went wrong in words.
// Every page that has it offers another way without script.
(() => {
  const MESSAGES = {
    NotAllowedError: "The passkey was not used: it was cancelled, or took too long.",
    InvalidStateError: "This passkey is set up already.",
    SecurityError: "Passkeys need HTTPS and a host name, or localhost; not an address of numbers.",
    NotSupportedError: "This browser or key cannot do what is asked.",
  };

  function tell(text) {
    const problem = document.getElementById("passkey-problem");
    problem.textContent = text;
    problem.hidden = false;
  }

  function join(button, form, names) {
    if (!document.getElementById(button)) return;
    window.allauth.webauthn.forms[form]({ ids: { credential: "passkey-credential", data: "passkey-data", ...names } });
  }

  document.addEventListener("allauth.error", (event) => {
    event.preventDefault();
    const { exception } = event.detail;
    tell(MESSAGES[exception?.name] ?? "The passkey could not be used. Try again, or use another way.");
  });

  if (!window.PublicKeyCredential) {
    for (const id of ["passkey-add", "passkey-use", "passkey-login"]) document.getElementById(id)?.remove();
    if (document.getElementById("passkey-problem")) tell("This browser has no passkeys here. They need HTTPS, or localhost.");
    return;
  }
  join("passkey-add", "addForm", { add: "passkey-add", passwordless: "passkey-alone" });
  join("passkey-use", "authenticateForm", { authenticate: "passkey-use" });
  join("passkey-login", "loginForm", { login: "passkey-login" });
})();
