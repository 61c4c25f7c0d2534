//! How often things may be tried: an address and an account each have a budget that refills steadily. Kept in memory: each
//! process counts for itself, and forgets on a restart.

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
    /// By its hash: what names an account is whatever somebody typed, of any length.
    Account([u8; 32]),
}

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
        let address = address.map(|address| (Subject::Address(network(address)), action.per_address()));
        let account = account.map(|account| (Subject::account(account), action.per_account()));
        let mut budgets = self.budgets.lock().unwrap_or_else(PoisonError::into_inner);
        budgets.sweep(now);
        let mut taken = Vec::with_capacity(2);
        for (subject, budget) in [address, account].into_iter().flatten() {
            let key = (action, subject);
            let full = budgets.full_at.get(&key).copied().unwrap_or(now).max(now);
            taken.push((key, budget.take(full, now)?));
        }
        budgets.full_at.extend(taken);
        Ok(())
    }
}

impl Subject {
    fn account(name: &str) -> Self {
        Self::Account(Sha256::digest(name.trim().to_lowercase()).into())
    }
}

impl Budgets {
    /// Now and then, so that what is remembered is never more than what came in twice that time.
    fn sweep(&mut self, now: OffsetDateTime) {
        if self.sweep_at.is_none_or(|at| at <= now) {
            self.full_at.retain(|_, full| *full > now);
            self.sweep_at = Some(now + REFILL);
        }
    }
}

impl Budget {
    /// When a budget that will be full at `full` will be full after one more is taken from it.
    fn take(self, full: OffsetDateTime, now: OffsetDateTime) -> Result<OffsetDateTime, Duration> {
        let after = full + REFILL / self.per_minute;
        match Duration::try_from(after - now) {
            Ok(until_full) if until_full > REFILL => Err(until_full - REFILL),
            _ => Ok(after),
        }
    }
}

/// Whoever has one IPv6 address has all of its network.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into(),
        v4 => v4,
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
        assert_eq!(limits.budgets.lock().unwrap().full_at.len(), 1);
    }
}
