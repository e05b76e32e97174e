"""Paths of notifications."""

from django.urls import path

from supplychain.notify import api
from supplychain.notify.views import pages

urlpatterns = [
    path("api/v1/channels", api.ChannelListView.as_view(), name="api-channels"),
    path("api/v1/channels/<uuid:public_id>", api.ChannelView.as_view(), name="api-channel"),
    path("api/v1/channels/<uuid:public_id>/test", api.ChannelTestView.as_view(), name="api-channel-test"),
    path("api/v1/channels/<uuid:public_id>/key", api.ChannelKeyView.as_view(), name="api-channel-key"),
    path("api/v1/deliveries", api.DeliveryListView.as_view(), name="api-deliveries"),
    path("api/v1/deliveries/<uuid:public_id>", api.DeliveryView.as_view(), name="api-delivery"),
    path("api/v1/deliveries/<uuid:public_id>/replay", api.DeliveryReplayView.as_view(), name="api-delivery-replay"),
    path("settings/notifications", pages.channels, name="notifications"),
    path("settings/notifications/<uuid:public_id>", pages.channel, name="notification-channel"),
    path("settings/notifications/<uuid:public_id>/change", pages.change, name="notification-channel-change"),
    path("settings/notifications/<uuid:public_id>/test", pages.test, name="notification-channel-test"),
    path("settings/notifications/<uuid:public_id>/key", pages.rotate, name="notification-channel-key"),
    path("settings/notifications/<uuid:public_id>/end", pages.end, name="notification-channel-end"),
    path("settings/notifications/deliveries/<uuid:public_id>/replay", pages.replay, name="notification-replay"),
]
