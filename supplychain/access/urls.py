"""Pages of access. The names are those that allauth looks for."""

from django.urls import path

from supplychain.access.views.sign_in import SignInView, SignOutView
from supplychain.access.views.single_sign_on import SingleSignOnCallbackView, StartSingleSignOnView

urlpatterns = [
    path("sign-in", SignInView.as_view(), name="account_login"),
    path("sign-in/sso", StartSingleSignOnView.as_view(), name="sso_start"),
    path("sign-in/sso/callback", SingleSignOnCallbackView.as_view(), name="sso_callback"),
    path("sign-out", SignOutView.as_view(), name="account_logout"),
]
