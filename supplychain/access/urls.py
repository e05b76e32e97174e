"""Pages of access. The names are those that allauth looks for."""

from django.urls import path

from supplychain.access.views import confirm, security
from supplychain.access.views.sessions import SessionsView
from supplychain.access.views.sign_in import SignInView, SignOutView
from supplychain.access.views.single_sign_on import SingleSignOnCallbackView, StartSingleSignOnView

urlpatterns = [
    path("sign-in", SignInView.as_view(), name="account_login"),
    path("sign-in/second-factor", confirm.SecondFactorView.as_view(), name="mfa_authenticate"),
    path("sign-in/passkey", confirm.PasskeySignInView.as_view(), name="mfa_login_webauthn"),
    path("sign-in/sso", StartSingleSignOnView.as_view(), name="sso_start"),
    path("sign-in/sso/callback", SingleSignOnCallbackView.as_view(), name="sso_callback"),
    path("sign-out", SignOutView.as_view(), name="account_logout"),
    path("settings/confirm", confirm.ConfirmByPasswordView.as_view(), name="account_reauthenticate"),
    path("settings/confirm/code", confirm.ConfirmByCodeView.as_view(), name="mfa_reauthenticate"),
    path("settings/confirm/passkey", confirm.ConfirmByPasskeyView.as_view(), name="mfa_reauthenticate_webauthn"),
    path("settings/confirm/again", confirm.ConfirmAgainView.as_view(), name="confirm_again"),
    path("settings/security", security.SecurityView.as_view(), name="mfa_index"),
    path("settings/security/app", security.AddAppView.as_view(), name="mfa_activate_totp"),
    path("settings/security/app/remove", security.RemoveAppView.as_view(), name="mfa_deactivate_totp"),
    path("settings/security/passkeys/add", security.AddPasskeyView.as_view(), name="mfa_add_webauthn"),
    path(
        "settings/security/passkeys/<str:credential>/remove",
        security.RemovePasskeyView.as_view(),
        name="mfa_remove_webauthn",
    ),
    path("settings/security/recovery-codes", security.RecoveryCodesView.as_view(), name="mfa_view_recovery_codes"),
    path(
        "settings/security/recovery-codes/new",
        security.NewRecoveryCodesView.as_view(),
        name="mfa_generate_recovery_codes",
    ),
    path("settings/password", security.PasswordView.as_view(), name="account_change_password"),
    path("settings/sessions", SessionsView.as_view(), name="usersessions_list"),
]
