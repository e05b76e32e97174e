"""The settings of notifications (docs/notifications.md); supplychain/settings.py takes them over."""

from supplychain import env

# Hosts of ours that may be told, as `host` or `host:port`; all others must be public, and speak https.
NOTIFY_INTERNAL_HOSTS = env.words("NOTIFY_INTERNAL_HOSTS")
# The mail server; without one there are no channels by mail.
EMAIL_HOST = env.text("SMTP_HOST", default="")
EMAIL_PORT = env.number("SMTP_PORT", default=587, minimum=1, maximum=65_535)
EMAIL_HOST_USER = env.text("SMTP_USER", default="")
EMAIL_HOST_PASSWORD = env.secret("SMTP_PASSWORD", default="")
_SMTP_SECURITY = env.choice("SMTP_SECURITY", default="starttls", allowed=("starttls", "tls", "none"))
EMAIL_USE_TLS, EMAIL_USE_SSL = _SMTP_SECURITY == "starttls", _SMTP_SECURITY == "tls"
MAIL_FROM = env.text("MAIL_FROM", default="supply-chain@localhost")
