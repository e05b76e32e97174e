"""The settings of signing in and of the browser's security; supplychain/settings.py takes them over."""

from csp.constants import NONE, SELF

from supplychain import env

HTTPS = env.flag("HTTPS", default=not env.flag("SUPPLYCHAIN_LOCAL", default=False))
LOGIN_URL = "/sign-in"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/sign-in"
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
PASSWORD_SIGN_IN = env.flag("PASSWORD_SIGN_IN", default=True)
# They may use a password although PASSWORD_SIGN_IN is off: for the day on which the identity provider is away.
BREAK_GLASS_USERS = frozenset(env.words("BREAK_GLASS_USERS"))
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
# Rows, as everything that signing in needs: nobody is signed out, or shut out, while the broker is away.
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = env.number("SESSION_MAX_HOURS", default=12, minimum=1) * 3600
SESSION_IDLE_SECONDS = env.number("SESSION_IDLE_MINUTES", default=120, minimum=1) * 60
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = HTTPS
# Browsers let nobody else set a cookie of this prefix: no other host of the domain, no plain HTTP.
_COOKIE_PREFIX = "__Host-" if HTTPS else ""
# Two instances side by side on one host must not sign each other out: cookies do not know ports.
SESSION_COOKIE_NAME = env.text("SESSION_COOKIE_NAME", default=f"{_COOKIE_PREFIX}supplychain_session")
CSRF_COOKIE_NAME = env.text("CSRF_COOKIE_NAME", default=f"{_COOKIE_PREFIX}supplychain_csrf")
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = HTTPS
ACCOUNT_ADAPTER = "supplychain.access.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_PRESERVE_USERNAME_CASING = True
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
ACCOUNT_REAUTHENTICATION_REQUIRED = True
# Single sign-on with one OpenID Connect provider; without an issuer there is none.
OIDC_ISSUER = env.issuer("OIDC_ISSUER")
OIDC_NAME = env.text("OIDC_NAME", default="single sign-on")
OIDC_CLIENT_ID = env.text("OIDC_CLIENT_ID", default=None if OIDC_ISSUER else "none")
OIDC_CLIENT_SECRET = env.secret("OIDC_CLIENT_SECRET", default="")
OIDC_SCOPES = env.words("OIDC_SCOPES", default=("openid", "profile", "email"))
OIDC_USERINFO = env.flag("OIDC_USERINFO", default=False)
OIDC_CREATE_USERS = env.flag("OIDC_CREATE_USERS", default=False)
OIDC_ALLOWED_DOMAINS = frozenset(word.lower() for word in env.words("OIDC_ALLOWED_DOMAINS"))
OIDC_ALLOWED_GROUPS = frozenset(env.words("OIDC_ALLOWED_GROUPS"))
OIDC_GROUPS_CLAIM = env.text("OIDC_GROUPS_CLAIM", default="groups")
OIDC_GROUP_TEAMS = env.team_grants("OIDC_GROUP_TEAMS", roles=("viewer", "member", "owner"))
OIDC_GROUP_ROLES = env.role_grants("OIDC_GROUP_ROLES", roles=("responder", "approver", "admin"))
# The provider asks everybody for a second factor, whether its tokens say so (`amr`) or not.
OIDC_PROVIDES_MFA = env.flag("OIDC_PROVIDES_MFA", default=False)
# Who is led to setting up a second factor before anything else.
REQUIRE_MFA = env.choice("REQUIRE_MFA", default="none", allowed=("none", "organisation-roles", "all"))
MFA_ADAPTER = "supplychain.access.second_factors.SecondFactors"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODE_DIGITS = 12
MFA_RECOVERY_CODES_SHOW_ONCE = True
SOCIALACCOUNT_ADAPTER = "supplychain.access.single_sign_on.accounts.SingleSignOnAccounts"
SOCIALACCOUNT_UID_MAX_LENGTH = 255
SOCIALACCOUNT_STORE_TOKENS = False
CSRF_FAILURE_VIEW = "supplychain.web.views.csrf_failure"
SECURE_SSL_REDIRECT = HTTPS and env.flag("HTTPS_REDIRECT", default=True)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = env.number("HSTS_SECONDS", default=31_536_000 if HTTPS else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.flag("HSTS_INCLUDE_SUBDOMAINS", default=False)
# Both are promises about a whole domain, which only its owner can make: for its other hosts, and (preload) for years.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if env.flag("TRUST_PROXY", default=False):  # only behind a proxy that sets these headers itself
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    USE_X_FORWARDED_HOST = True
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    },
}
