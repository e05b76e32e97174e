"""Pages of access. The names are those that allauth looks for."""

from django.urls import path

from supplychain.access.views.sign_in import SignInView, SignOutView

urlpatterns = [
    path("sign-in", SignInView.as_view(), name="account_login"),
    path("sign-out", SignOutView.as_view(), name="account_logout"),
]
