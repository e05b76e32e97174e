"""Where allauth looks for the identity providers that an app brings."""

from supplychain.access.single_sign_on.flow import SingleSignOn

provider_classes = [SingleSignOn]
