//! Which addresses Patchbay may call.
//!
//! Only the rule stands here. It is applied to a URL when somebody gives one, and to every address that a name
//! resolves to when a connection is made (`resolve.rs`), so that a name can't be checked as one address and called
//! as another.

use ipnet::IpNet;
use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::Arc,
};
use thiserror::Error;
use url::{Host, Url};

/// Networks that the internet doesn't route, or that mean something on this machine or its network only.
const REFUSED_V4: [(Ipv4Addr, u8); 15] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),       // "this" network; 0.0.0.0 reaches loopback
    (Ipv4Addr::new(10, 0, 0, 0), 8),      // private
    (Ipv4Addr::new(100, 64, 0, 0), 10),   // carrier-grade NAT
    (Ipv4Addr::new(127, 0, 0, 0), 8),     // loopback
    (Ipv4Addr::new(169, 254, 0, 0), 16),  // link-local, cloud metadata
    (Ipv4Addr::new(172, 16, 0, 0), 12),   // private
    (Ipv4Addr::new(192, 0, 0, 0), 24),    // protocol assignments
    (Ipv4Addr::new(192, 0, 2, 0), 24),    // documentation
    (Ipv4Addr::new(192, 88, 99, 0), 24),  // 6to4 relays
    (Ipv4Addr::new(192, 168, 0, 0), 16),  // private
    (Ipv4Addr::new(198, 18, 0, 0), 15),   // benchmarks
    (Ipv4Addr::new(198, 51, 100, 0), 24), // documentation
    (Ipv4Addr::new(203, 0, 113, 0), 24),  // documentation
    (Ipv4Addr::new(224, 0, 0, 0), 4),     // multicast
    (Ipv4Addr::new(240, 0, 0, 0), 4),     // reserved, broadcast
];

/// The same for the part of IPv6 that is global unicast, 2000::/3. Whatever lies outside of that is refused anyway.
const REFUSED_V6: [(Ipv6Addr, u8); 3] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23), // protocol assignments, Teredo, ORCHID
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32), // documentation
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20), // documentation
];

/// Where clouds hand out credentials. Allowing a network around them, or a name, doesn't allow these.
const METADATA: [IpAddr; 5] = [
    IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)),
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
];

const LOOPBACK: [&str; 2] = ["127.0.0.0/8", "::1/128"];
const PRIVATE: [&str; 5] = [
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "100.64.0.0/10",
    "fc00::/7",
];

/// Why a URL or an address may not be called. The text is for the person who gave the URL.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EgressError {
    /// Neither http nor https.
    #[error("Only http and https URLs can be called")]
    Scheme,
    /// A URL without a host.
    #[error("The URL has no host")]
    NoHost,
    /// `https://user:password@host/`.
    #[error("The URL must not contain a user name or password")]
    Credentials,
    /// The host is, or resolves to, an address in a network that isn't allowed.
    #[error("{0} is not at an address that Patchbay may call (PATCHBAY_EGRESS_ALLOW)")]
    Address(String),
}

/// An entry that is neither a network, an address, a host name, `loopback` nor `private`.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("'{0}' is neither a network (10.0.0.0/8), an address, a host name, 'loopback' nor 'private'")]
pub struct InvalidEgressRule(pub String);

/// Which addresses may be called: public ones, and those that the operator lists. The default lists none.
#[derive(Clone, Default)]
pub struct EgressPolicy(Arc<Allowed>);

#[derive(Default)]
struct Allowed {
    networks: Vec<IpNet>,
    names: Vec<String>,
}

impl EgressPolicy {
    /// Reads what is allowed beyond public addresses: networks, addresses, host names (`*.example.com` for those
    /// below), `loopback` and `private`, separated by commas.
    ///
    /// # Errors
    /// When an entry is none of these.
    pub fn parse(allow: &str) -> Result<Self, InvalidEgressRule> {
        let mut allowed = Allowed::default();
        for entry in allow.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
            match entry {
                "loopback" => allowed
                    .networks
                    .extend(LOOPBACK.iter().filter_map(|net| net.parse::<IpNet>().ok())),
                "private" => allowed
                    .networks
                    .extend(PRIVATE.iter().filter_map(|net| net.parse::<IpNet>().ok())),
                _ => {
                    let bare = entry.trim_start_matches('[').trim_end_matches(']');
                    if let Ok(network) = entry.parse::<IpNet>() {
                        allowed.networks.push(network.trunc());
                    } else if let Ok(address) = bare.parse::<IpAddr>() {
                        allowed.networks.push(address.into());
                    } else if let Some(name) = host_name(entry) {
                        allowed.names.push(name);
                    } else {
                        return Err(InvalidEgressRule(entry.to_owned()));
                    }
                }
            }
        }
        Ok(Self(Arc::new(allowed)))
    }

    /// Checks what can be seen without asking DNS: the scheme, no credentials, and the host if it is an address.
    ///
    /// # Errors
    /// When the URL may not be called.
    pub fn check_url(&self, url: &Url) -> Result<(), EgressError> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(EgressError::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(EgressError::Credentials);
        }
        match url.host() {
            None => Err(EgressError::NoHost),
            Some(Host::Domain(_)) => Ok(()),
            Some(Host::Ipv4(address)) => self.check_address("", address.into()),
            Some(Host::Ipv6(address)) => self.check_address("", address.into()),
        }
    }

    /// Checks an address that a connection is about to be made to. `host` is the name that resolved to it, or empty.
    ///
    /// # Errors
    /// When the address may not be called.
    pub fn check_address(&self, host: &str, address: IpAddr) -> Result<(), EgressError> {
        if self.allows(host, address) {
            return Ok(());
        }
        // A name's addresses are the operator's business: whoever gave the URL doesn't learn them.
        let shown = if host.is_empty() {
            address.to_string()
        } else {
            host.to_owned()
        };
        Err(EgressError::Address(shown))
    }

    fn allows(&self, host: &str, address: IpAddr) -> bool {
        let address = effective(address);
        let listed = || self.0.networks.iter().filter(|network| network.contains(&address));
        if METADATA.contains(&address) {
            return listed().any(|network| network.prefix_len() == network.max_prefix_len());
        }
        is_public(address) || listed().next().is_some() || self.allows_name(host)
    }

    fn allows_name(&self, host: &str) -> bool {
        let host = host.strip_suffix('.').unwrap_or(host);
        self.0.names.iter().any(|name| match name.strip_prefix('*') {
            // The dot stays in the suffix, so `*.example.com` takes neither `example.com` nor `badexample.com`.
            Some(suffix) => {
                host.len() > suffix.len()
                    && host.is_char_boundary(host.len() - suffix.len())
                    && host[host.len() - suffix.len()..].eq_ignore_ascii_case(suffix)
            }
            None => host.eq_ignore_ascii_case(name),
        })
    }
}

impl fmt::Debug for EgressPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EgressPolicy")
            .field("networks", &self.0.networks)
            .field("names", &self.0.names)
            .finish()
    }
}

fn host_name(entry: &str) -> Option<String> {
    let name = entry.strip_suffix('.').unwrap_or(entry);
    let labels = name.strip_prefix("*.").unwrap_or(name);
    let good = labels.bytes().any(|byte| byte.is_ascii_alphabetic())
        && labels.split('.').all(|label| {
            !label.is_empty()
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        });
    good.then(|| name.to_ascii_lowercase())
}

/// The address that packets really reach: an IPv4 address inside an IPv6 one counts as that IPv4 address.
fn effective(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => embedded_v4(v6).map_or(address, IpAddr::V4),
    }
}

fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let low = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Ipv4Addr::new(a, b, c, d)
    };
    match address.segments() {
        // Unspecified and loopback are IPv6's own, not IPv4-compatible addresses.
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        // IPv4-compatible; IPv4-mapped; IPv4-translated; NAT64's well-known prefix.
        [0, 0, 0, 0, 0, 0, g, h]
        | [0, 0, 0, 0, 0, 0xffff, g, h]
        | [0, 0, 0, 0, 0xffff, 0, g, h]
        | [0x64, 0xff9b, 0, 0, 0, 0, g, h] => Some(low(g, h)),
        // 6to4.
        [0x2002, b, c, ..] => Some(low(b, c)),
        _ => None,
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => !REFUSED_V4.iter().any(|(net, length)| in_v4(v4, *net, *length)),
        IpAddr::V6(v6) => {
            v6.segments()[0] & 0xe000 == 0x2000 && !REFUSED_V6.iter().any(|(net, length)| in_v6(v6, *net, *length))
        }
    }
}

fn in_v4(address: Ipv4Addr, network: Ipv4Addr, length: u8) -> bool {
    (address.to_bits() ^ network.to_bits()) >> (32 - u32::from(length)) == 0
}

fn in_v6(address: Ipv6Addr, network: Ipv6Addr, length: u8) -> bool {
    (address.to_bits() ^ network.to_bits()) >> (128 - u32::from(length)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    #[test]
    fn public_addresses_are_called() {
        let policy = EgressPolicy::default();
        for good in [
            "http://example.com/",
            "https://93.184.216.34/mcp",
            "https://1.1.1.1:8443/",
            "http://172.32.0.1/",
            "http://100.128.0.1/",
            "http://169.255.0.1/",
            "http://[2606:2800:220:1:248:1893:25c8:1946]/",
            "http://[::ffff:93.184.216.34]/",
            "http://[64:ff9b::5db8:d822]/",
            "http://[2002:5db8:d822::1]/",
        ] {
            assert_eq!(policy.check_url(&url(good)), Ok(()), "{good}");
        }
    }

    #[test]
    fn addresses_that_are_not_public_are_refused_however_they_are_written() {
        let policy = EgressPolicy::default();
        for bad in [
            "http://127.0.0.1/",
            "http://127.255.255.254/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://0177.0.0.1/",
            "http://127.1/",
            "http://127.0.0.1./",
            "http://0.0.0.0/",
            "http://0/",
            "http://10.1.2.3/",
            "http://100.64.0.1/",
            "http://100.127.255.255/",
            "http://168.63.129.16/",
            "http://169.254.169.254/latest/meta-data/",
            "http://172.16.0.1/",
            "http://172.31.255.255/",
            "http://192.0.0.192/",
            "http://192.0.2.7/",
            "http://192.168.1.1/",
            "http://198.18.0.1/",
            "http://198.19.255.255/",
            "http://198.51.100.1/",
            "http://203.0.113.9/",
            "http://224.0.0.1/",
            "http://240.0.0.1/",
            "http://255.255.255.255/",
            "http://[::]/",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[::ffff:7f00:1]/",
            "http://[::127.0.0.1]/",
            "http://[::ffff:0:10.0.0.1]/",
            "http://[64:ff9b::7f00:1]/",
            "http://[64:ff9b:1::1]/",
            "http://[2002:7f00:1::]/",
            "http://[2002:a9fe:a9fe::1]/",
            "http://[2001::1]/",
            "http://[2001:db8::1]/",
            "http://[3fff::1]/",
            "http://[100::1]/",
            "http://[fc00::1]/",
            "http://[fd00:ec2::254]/",
            "http://[fe80::1]/",
            "http://[fec0::1]/",
            "http://[ff02::1]/",
        ] {
            assert!(
                matches!(policy.check_url(&url(bad)), Err(EgressError::Address(_))),
                "{bad} was taken"
            );
        }
    }

    #[test]
    fn only_http_without_credentials_is_called() {
        let policy = EgressPolicy::default();
        for (text, error) in [
            ("ftp://example.com/", EgressError::Scheme),
            ("file:///etc/passwd", EgressError::Scheme),
            ("gopher://example.com/", EgressError::Scheme),
            ("data:text/plain,x", EgressError::Scheme),
            ("http://user@example.com/", EgressError::Credentials),
            ("https://:secret@example.com/", EgressError::Credentials),
        ] {
            assert_eq!(policy.check_url(&url(text)), Err(error), "{text}");
        }
    }

    #[test]
    fn what_the_operator_lists_is_called() {
        let policy = EgressPolicy::parse(" loopback, 10.1.0.0/16,192.168.7.7 , [fd00::7],Intranet.example. ").unwrap();
        for good in [
            "http://127.0.0.1/",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://10.1.255.1/",
            "http://192.168.7.7/",
            "http://[fd00::7]/",
        ] {
            assert_eq!(policy.check_url(&url(good)), Ok(()), "{good}");
        }
        for bad in [
            "http://10.2.0.1/",
            "http://192.168.7.8/",
            "http://169.254.0.1/",
            "http://0.0.0.0/",
        ] {
            assert!(policy.check_url(&url(bad)).is_err(), "{bad}");
        }
        let private: IpAddr = "10.9.9.9".parse().unwrap();
        for host in ["intranet.example", "INTRANET.example", "intranet.example."] {
            assert_eq!(policy.check_address(host, private), Ok(()), "{host}");
        }
        assert!(policy.check_address("other.example", private).is_err());
    }

    #[test]
    fn a_wildcard_takes_the_names_below_and_no_others() {
        let policy = EgressPolicy::parse("*.corp.example").unwrap();
        let private: IpAddr = "10.0.0.1".parse().unwrap();
        assert!(policy.check_address("a.corp.example", private).is_ok());
        for host in ["corp.example", "evilcorp.example", "a.corp.example.org", "", "ü"] {
            assert!(policy.check_address(host, private).is_err(), "{host}");
        }
    }

    #[test]
    fn metadata_services_are_only_called_when_listed_one_by_one() {
        let policy = EgressPolicy::parse("private,169.254.0.0/16,0.0.0.0/0,metadata.example").unwrap();
        for address in METADATA {
            assert!(policy.check_address("metadata.example", address).is_err(), "{address}");
        }
        let policy = EgressPolicy::parse("169.254.169.254").unwrap();
        assert_eq!(policy.check_url(&url("http://169.254.169.254/")), Ok(()));
    }

    #[test]
    fn a_refused_name_does_not_tell_its_address() {
        let error = EgressPolicy::default()
            .check_address("db.internal", "10.0.0.5".parse().unwrap())
            .unwrap_err();
        assert!(error.to_string().contains("db.internal"));
        assert!(!error.to_string().contains("10.0.0.5"));
    }

    #[test]
    fn what_is_no_rule_is_named() {
        for bad in ["10.0.0.0/33", "not a host", "http://x/", "*", "a..b", "1.2.3"] {
            assert_eq!(
                EgressPolicy::parse(bad).unwrap_err(),
                InvalidEgressRule(bad.into()),
                "{bad}"
            );
        }
        assert!(EgressPolicy::parse("").is_ok());
        assert!(EgressPolicy::parse("localhost").is_ok());
    }
}
