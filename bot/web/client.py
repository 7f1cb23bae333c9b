"""Where a request comes from, behind reverse proxies, too; only the word of a trusted proxy counts."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from aiohttp import web

Network = IPv4Network | IPv6Network
TRUSTED_PROXIES: web.AppKey[Sequence[Network]] = web.AppKey("TRUSTED_PROXIES", Sequence[Network])

# More proxies than this stand behind one another nowhere.
_MOST_HOPS = 20
# What a provider gives to one household or one machine (RFC 6177).
_IPV6_PREFIX = 64


def client_address(request: web.Request) -> str:
    """The IP address of whoever asked; "" where there is none.

    Each proxy appends to `X-Forwarded-For` the address that it was called from; what stands before the first address
    that is no trusted proxy's was written by anybody.
    """
    address = _address(request.remote or "")
    trusted = request.app.get(TRUSTED_PROXIES, ())
    hops = ",".join(request.headers.getall("X-Forwarded-For", ())).rsplit(",", _MOST_HOPS)[-_MOST_HOPS:]
    while address is not None and hops and any(address in network for network in trusted):
        earlier = _address(_without_port(hops.pop().strip()))
        if earlier is None:
            break
        address = earlier
    return "" if address is None else str(address)


def client_network(request: web.Request) -> str:
    """What stands for whoever asked where it is counted: the IPv4 address, or the IPv6 network of 64 bits."""
    address = client_address(request)
    return str(ip_network((address, _IPV6_PREFIX), strict=False)) if ":" in address else address


def is_unnamed_proxy(request: web.Request) -> bool:
    """Tell whether a proxy called that no setting names: then everybody comes from its address, which counts nobody."""
    peer, proxies = _address(request.remote or ""), request.app.get(TRUSTED_PROXIES, ())
    if peer is None or peer.is_global or any(peer in network for network in proxies):
        return False
    return "X-Forwarded-For" in request.headers


def _without_port(hop: str) -> str:
    """The address alone: some proxies, such as Azure's Application Gateway, write the caller's port behind it."""
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped  # an IPv4 client of a socket for both (RFC 4291 section 2.5.5.2)
    return address
