//! How often things may be tried: an address and an account each have a budget that refills steadily. Kept in memory: each
//! process counts for itself, and forgets on a restart.
//!
//! An account that anybody can name has two: one for each network, and a larger one for all of them. So whoever tries somebody's
//! password from one place doesn't keep them from signing in at another, and trying from many places doesn't get far either.

use sha2::{Digest as _, Sha256};
use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, PoisonError},
    time::Duration,
};
use time::OffsetDateTime;

/// How long the emptiest budget takes to be full again.
const REFILL: Duration = Duration::from_secs(60);
/// How many times one network's budget for an account all of them have.
const NETWORKS: u32 = 5;
/// How many times an address's budget its site has, where one who has the address has the site.
const ADDRESSES: u32 = 4;
/// The most budgets that are remembered, about ten megabytes.
const REMEMBERED: usize = 100_000;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// A password is tried, or a code from a second factor after it. How often a code may be wrong, the engine counts, too.
    SignIn,
    /// An account is made, perhaps with an invitation.
    SignUp,
    /// A set-up link is tried.
    SetUp,
    /// A link for a lost password is tried.
    Reset,
    /// Whoever is signed in shows their password or a code, to change what opens their account.
    Prove,
    /// Somebody is given a way in: an invitation, a link for a lost password.
    Invite,
    /// A connector's service is fetched.
    Activate,
    /// A source's service is asked.
    Test,
}

/// This many at once, and this many again in every minute.
#[derive(Debug, Clone, Copy)]
struct Budget {
    per_minute: u32,
}

impl Action {
    /// Whether it is done by whoever is signed in, so that the account is known.
    #[must_use]
    pub fn is_by_actor(self) -> bool {
        matches!(self, Self::Prove | Self::Invite | Self::Activate | Self::Test)
    }

    fn per_address(self) -> Budget {
        Budget {
            per_minute: match self {
                Self::Test => 240,
                Self::SignIn | Self::Activate => 120,
                Self::SignUp | Self::Prove | Self::Invite => 60,
                Self::SetUp | Self::Reset => 30,
            },
        }
    }

    fn per_account(self) -> Budget {
        Budget {
            per_minute: match self {
                Self::Test => 120,
                Self::Activate => 60,
                Self::Invite => 30,
                Self::SignIn => 20,
                Self::SignUp | Self::SetUp | Self::Reset | Self::Prove => 10,
            },
        }
    }
}

/// Whose budget.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Subject {
    Address(IpAddr),
    Site(IpAddr),
    AccountFrom(AccountHash, Option<IpAddr>),
    Account(AccountHash),
}

/// What names an account is whatever somebody typed, of any length.
type AccountHash = [u8; 32];

/// Every budget that isn't full.
#[derive(Debug, Default)]
pub struct Limits {
    budgets: Mutex<Budgets>,
}

#[derive(Debug, Default)]
struct Budgets {
    /// When each budget is full again: all that needs to be known about it (the "generic cell rate algorithm").
    full_at: HashMap<(Action, Subject), OffsetDateTime>,
    /// When full ones are forgotten next, which changes nothing for them.
    sweep_at: Option<OffsetDateTime>,
}

impl Limits {
    /// Takes one from the budgets of the address and of the account (an address, a user id: whatever names it).
    ///
    /// # Errors
    /// How long to wait, when one of them is empty. Then nothing is taken from the other.
    pub fn take(
        &self,
        action: Action,
        address: Option<IpAddr>,
        account: Option<&str>,
        now: OffsetDateTime,
    ) -> Result<(), Duration> {
        let wanted = wanted(action, address, account);
        let mut budgets = self.budgets.lock().unwrap_or_else(PoisonError::into_inner);
        budgets.sweep(now);
        let mut taken = Vec::with_capacity(wanted.len());
        for (subject, budget) in wanted {
            let key = (action, subject);
            let full = budgets.full_at.get(&key).copied().unwrap_or(now).max(now);
            taken.push((key, budget.take(full, now)?));
        }
        budgets.full_at.extend(taken);
        Ok(())
    }
}

/// The budgets that have to have something left.
fn wanted(action: Action, address: Option<IpAddr>, account: Option<&str>) -> Vec<(Subject, Budget)> {
    let address = address.map(|address| address.to_canonical());
    let mut wanted = Vec::with_capacity(4);
    if let Some(address) = address {
        wanted.push((Subject::Address(network(address, 64)), action.per_address()));
        if address.is_ipv6() {
            wanted.push((Subject::Site(site(address)), action.per_address().times(ADDRESSES)));
        }
    }
    if let Some(account) = account {
        let account = Sha256::digest(account.trim().to_lowercase()).into();
        let budget = action.per_account();
        if action.is_by_actor() {
            wanted.push((Subject::Account(account), budget));
        } else {
            wanted.push((Subject::AccountFrom(account, address.map(site)), budget));
            wanted.push((Subject::Account(account), budget.times(NETWORKS)));
        }
    }
    wanted
}

impl Budgets {
    /// Now and then, and when there are too many. Should there be as many even so, those that are nearest to full are
    /// forgotten: that gives away least.
    fn sweep(&mut self, now: OffsetDateTime) {
        let too_many = self.full_at.len() >= REMEMBERED;
        if too_many || self.sweep_at.is_none_or(|at| at <= now) {
            self.full_at.retain(|_, full| *full > now);
            self.sweep_at = Some(now + REFILL);
        }
        if self.full_at.len() >= REMEMBERED {
            let mut full: Vec<_> = self.full_at.values().copied().collect();
            let (_, &mut middle, _) = full.select_nth_unstable(REMEMBERED / 2);
            self.full_at.retain(|_, full| *full > middle);
        }
    }
}

impl Budget {
    fn times(self, times: u32) -> Self {
        Self {
            per_minute: self.per_minute * times,
        }
    }

    /// When a budget that will be full at `full` will be full after one more is taken from it.
    fn take(self, full: OffsetDateTime, now: OffsetDateTime) -> Result<OffsetDateTime, Duration> {
        let after = full + REFILL / self.per_minute;
        match Duration::try_from(after - now) {
            Ok(until_full) if until_full > REFILL => Err(until_full - REFILL),
            _ => Ok(after),
        }
    }
}

/// What one customer of a network has: of IPv6 often 65,536 networks, of IPv4 the one address.
fn site(address: IpAddr) -> IpAddr {
    network(address, 48)
}

/// An IPv6 address's first bits: whoever has one address has all of its network.
fn network(address: IpAddr, bits: u32) -> IpAddr {
    match address {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() >> (128 - bits) << (128 - bits)).into(),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-01-01 00:00 UTC);
    const HERE: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST));

    #[test]
    fn an_account_has_its_budget_at_once_and_then_a_steady_trickle() {
        let limits = Limits::default();
        let attempt = |account: &str, now| limits.take(Action::SignIn, HERE, Some(account), now);
        for _ in 0..20 {
            assert_eq!(attempt("ada@example.org", NOW), Ok(()));
        }
        assert_eq!(attempt(" Ada@Example.org", NOW), Err(Duration::from_secs(3)));
        assert_eq!(
            attempt("bob@example.org", NOW),
            Ok(()),
            "another account is not concerned"
        );
        assert_eq!(attempt("ada@example.org", NOW + Duration::from_secs(3)), Ok(()));
        assert!(attempt("ada@example.org", NOW + Duration::from_secs(3)).is_err());
        for _ in 0..20 {
            assert_eq!(
                attempt("ada@example.org", NOW + Duration::from_secs(120)),
                Ok(()),
                "it is full again"
            );
        }
    }

    #[test]
    fn an_address_has_a_budget_over_all_accounts() {
        let limits = Limits::default();
        for number in 0..120 {
            assert_eq!(
                limits.take(Action::SignIn, HERE, Some(&format!("{number}@x")), NOW),
                Ok(())
            );
        }
        assert!(limits.take(Action::SignIn, HERE, Some("new@x"), NOW).is_err());
        assert_eq!(
            limits.take(Action::SignUp, HERE, Some("new@x"), NOW),
            Ok(()),
            "each action counts for itself"
        );
        assert_eq!(
            limits.take(Action::SignIn, None, Some("new@x"), NOW),
            Ok(()),
            "and took nothing from the account"
        );
    }

    #[test]
    fn neighbours_in_an_ipv6_network_share_a_budget() {
        let limits = Limits::default();
        let address = |last: u16| Some(IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, last)));
        for last in 0..30 {
            assert_eq!(limits.take(Action::SetUp, address(last), None, NOW), Ok(()));
        }
        assert!(limits.take(Action::SetUp, address(99), None, NOW).is_err());
    }

    #[test]
    fn a_whole_site_in_ipv6_has_a_few_times_an_addresss_budget() {
        let limits = Limits::default();
        let address = |network: u16| Some(IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, network, 0, 0, 0, 1)));
        for network in 0..120 {
            assert_eq!(limits.take(Action::SetUp, address(network), None, NOW), Ok(()));
        }
        assert!(limits.take(Action::SetUp, address(999), None, NOW).is_err());
        assert_eq!(limits.take(Action::SetUp, HERE, None, NOW), Ok(()));
    }

    #[test]
    fn trying_somebodys_password_keeps_nobody_out_at_another_place() {
        let limits = Limits::default();
        let from = |last: u8| Some(IpAddr::from([192, 0, 2, last]));
        let attempt = |last| limits.take(Action::SignIn, from(last), Some("ada@x"), NOW);
        for _ in 0..20 {
            assert_eq!(attempt(1), Ok(()));
        }
        assert!(attempt(1).is_err());
        // A hundred from everywhere, then: not even many places make guessing fast.
        for place in 2..6 {
            for _ in 0..20 {
                assert_eq!(attempt(place), Ok(()));
            }
        }
        assert!(attempt(6).is_err());
        let networks = (0..=20).map(|network| IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, network, 0, 0, 0, 1)));
        let refused = networks.filter(|from| limits.take(Action::SignIn, Some(*from), Some("bob@x"), NOW).is_err());
        assert_eq!(refused.count(), 1, "the networks of a site are one");
    }

    #[test]
    fn no_more_is_remembered_than_there_is_room_for_and_what_is_used_most_stays() {
        let limits = Limits::default();
        for _ in 0..20 {
            assert_eq!(limits.take(Action::SignIn, HERE, Some("ada@x"), NOW), Ok(()));
        }
        for number in 0..REMEMBERED {
            let _ = limits.take(Action::SignIn, None, Some(&number.to_string()), NOW);
        }
        assert!(limits.budgets.lock().unwrap().full_at.len() <= REMEMBERED + 1);
        assert!(limits.take(Action::SignIn, HERE, Some("ada@x"), NOW).is_err());
    }

    #[test]
    fn full_budgets_are_forgotten_within_a_minute_or_two() {
        let limits = Limits::default();
        for number in 0..1000 {
            assert_eq!(
                limits.take(Action::SignIn, None, Some(&number.to_string()), NOW),
                Ok(())
            );
        }
        assert_eq!(
            limits.take(Action::SignIn, None, Some("one more"), NOW + REFILL),
            Ok(())
        );
        assert_eq!(limits.budgets.lock().unwrap().full_at.len(), 2);
    }
}
