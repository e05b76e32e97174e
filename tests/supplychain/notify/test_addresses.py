"""Where a notification may not go, however the address is spelled and whatever its name is made to point at."""

from __future__ import annotations

import socket
from unittest.mock import patch

import pytest

from supplychain.notify.addresses import (
    BadTargetError,
    ForbiddenAddressError,
    UnknownHostError,
    addresses_of,
    is_outside,
    read_target,
)

INSIDE = [
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.0.192",
    "198.18.0.1",
    "203.0.113.5",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::1",
    "2001:db8::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
]


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_inside_is_none_of_the_outside_world(address: str):
    assert not is_outside(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "64:ff9b::101:101"])
def test_a_public_address_is(address: str):
    assert is_outside(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/x",
        "ftp://hooks.example.com/x",
        "file:///etc/passwd",
        "gopher://hooks.example.com/",
        "//hooks.example.com/x",
        "https://",
        "https:///x",
        "https://user@hooks.example.com/",
        "https://user:secret@hooks.example.com/",
        "https://hooks.example.com/#x",
        "https://hooks.example.com:99999/",
        "https://hooks.example.com/a b",
        "https://hooks.example.com/\r\nX-Evil: 1",
        "https://hooks.example.com/\x00",
        "https://hooks.example.com/ä",
        "https://localhost/",
        "https://db/",
        "https://metadata.google.internal/",
        "https://printer.local/",
        "https://sub.localhost/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[fe80::1%25eth0]/",
        "https://[::ffff:10.0.0.1]/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[",
        "https://hooks.example.com/" + "a" * 2_000,
    ],
)
def test_a_target_of_a_wrong_form_is_refused_when_it_is_written_down(url: str):
    with pytest.raises(BadTargetError):
        read_target(url)


def test_only_the_origin_of_a_target_is_shown():
    target = read_target("https://Hooks.Example.com:8443/services/T0/B0/secret?token=hush")

    assert target.origin == "https://hooks.example.com:8443"
    assert target.path == "/services/T0/B0/secret?token=hush"


def resolving_to(*addresses: str):
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in addresses]
    return patch("socket.getaddrinfo", return_value=found)


@pytest.mark.parametrize("address", INSIDE)
def test_a_public_name_that_leads_inside_is_refused(address: str):
    with resolving_to(address), pytest.raises(ForbiddenAddressError):
        addresses_of(read_target("https://hooks.example.com/"))


def test_a_name_that_mixes_outside_and_inside_is_refused():
    with resolving_to("93.184.216.34", "10.0.0.1"), pytest.raises(ForbiddenAddressError):
        addresses_of(read_target("https://hooks.example.com/"))


@pytest.mark.parametrize("host", ["0x7f.1", "2130706433", "017700000001", "127.1"])
def test_an_address_in_a_form_that_only_resolvers_read_is_refused(host: str):
    with pytest.raises((BadTargetError, ForbiddenAddressError, UnknownHostError)):
        addresses_of(read_target(f"https://{host}/"))


def test_a_host_that_the_settings_name_may_be_inside_and_speak_http(settings):
    settings.NOTIFY_INTERNAL_HOSTS = ("127.0.0.1:8080", "chat.internal")

    assert addresses_of(read_target("http://127.0.0.1:8080/x")) == ("127.0.0.1",)
    assert read_target("http://chat.internal/hook").host == "chat.internal"
    with pytest.raises(BadTargetError):
        read_target("http://127.0.0.1:8081/x")


def test_a_name_that_leads_nowhere_is_unknown():
    with patch("socket.getaddrinfo", side_effect=socket.gaierror()), pytest.raises(UnknownHostError):
        addresses_of(read_target("https://hooks.example.com/"))
