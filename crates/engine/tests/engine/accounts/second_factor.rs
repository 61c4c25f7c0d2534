//! Codes from another device, and those that stand in for them.

use super::{fields, rows, sign_in, superuser_here};
use crate::{engine, password, user, who};
use hmac::{Hmac, KeyInit as _, Mac as _};
use patchbay_domain::account::{RecoveryCodes, SecondFactorOffer};
use patchbay_engine::{
    Actor, Engine, Error,
    error::{Conflict, Denied, NotFound, Unauthenticated},
};
use secrecy::SecretString;
use sha1::Sha1;
use sqlx::PgPool;
use time::Duration;

/// An authenticator, as anybody would write it who has the RFC and the secret that people type.
fn code(engine: &Engine, offer: &SecondFactorOffer, steps: i64) -> SecretString {
    let (mut bits, mut count, mut secret) = (0_u32, 0, Vec::new());
    for letter in offer.secret.bytes() {
        let value = if letter.is_ascii_uppercase() {
            letter - b'A'
        } else {
            letter - b'2' + 26
        };
        (bits, count) = (bits << 5 | u32::from(value), count + 5);
        if count >= 8 {
            count -= 8;
            secret.push(u8::try_from(bits >> count & 0xff).unwrap());
        }
    }
    let step = engine.clock().now().unix_timestamp() / 30 + steps;
    let mut mac = Hmac::<Sha1>::new_from_slice(&secret).unwrap();
    mac.update(&step.to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let offset = usize::from(digest[19] & 0xf);
    let number = u32::from_be_bytes(digest[offset..offset + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000).into()
}

/// Another code than this one.
fn wrong(right: &SecretString) -> SecretString {
    use secrecy::ExposeSecret as _;
    let number: u32 = right.expose_secret().parse().unwrap();
    // Not one of a neighbouring step either, but for one in some hundred thousand.
    format!("{:06}", (number + 123_457) % 1_000_000).into()
}

/// Ada with a second factor, half a minute after she turned it on.
async fn with_second_factor(engine: &Engine) -> (Actor, SecondFactorOffer, RecoveryCodes) {
    user(engine, "ada@example.org").await;
    let (ada, _) = sign_in(engine, "ada@example.org").await;
    let offer = engine.offer_second_factor(&ada, &password()).await.unwrap();
    let codes = engine
        .confirm_second_factor(&ada, &code(engine, &offer, 0))
        .await
        .unwrap();
    engine.clock().advance(Duration::seconds(30));
    (ada, offer, codes)
}

fn is_bad_code<T: std::fmt::Debug>(result: &Result<T, Error>) -> bool {
    matches!(result, Err(Error::Unauthenticated(Unauthenticated::BadCode)))
}

#[sqlx::test(migrations = false)]
async fn a_second_factor_is_asked_for_once_its_first_code_was_shown(pool: PgPool) {
    let engine = engine(&pool).await;
    user(&engine, "ada@example.org").await;
    let (ada, _) = sign_in(&engine, "ada@example.org").await;
    let wrong_password = fields(engine.offer_second_factor(&ada, &"guess".into()).await);
    assert!(wrong_password.get("password").is_some());
    let early = engine.confirm_second_factor(&ada, &"123456".into()).await;
    assert!(matches!(early, Err(Error::Conflict(Conflict::NoSecondFactor))));

    let replaced = engine.offer_second_factor(&ada, &password()).await.unwrap();
    let offer = engine.offer_second_factor(&ada, &password()).await.unwrap();
    assert!(
        offer
            .uri
            .starts_with("otpauth://totp/Patchbay%20localhost:ada%40example.org?secret=")
    );
    assert!(offer.uri.contains(&offer.secret) && offer.secret.len() == 32);
    assert!(offer.qr_svg.starts_with("<svg ") && offer.qr_svg.ends_with("</svg>"));
    let right = code(&engine, &offer, 0);
    for bad in [code(&engine, &replaced, 0), wrong(&right), "".into(), "1".into()] {
        let refused = fields(engine.confirm_second_factor(&ada, &bad).await);
        assert!(refused.get("code").is_some());
    }
    assert!(!engine.me(&ada).await.unwrap().second_factor);
    assert!(engine.sign_in("ada@example.org", &password(), None).await.is_ok());

    let codes = engine.confirm_second_factor(&ada, &right).await.unwrap();
    assert_eq!(codes.recovery_codes.len(), 10);
    assert!(engine.me(&ada).await.unwrap().second_factor);
    let twice = engine.offer_second_factor(&ada, &password()).await;
    assert!(matches!(twice, Err(Error::Conflict(Conflict::SecondFactorOn))));
    let twice = engine.confirm_second_factor(&ada, &right).await;
    assert!(matches!(twice, Err(Error::Conflict(Conflict::SecondFactorOn))));
}

#[sqlx::test(migrations = false)]
async fn signing_in_takes_password_and_code_and_tells_of_the_code_only_who_knows_the_password(pool: PgPool) {
    let engine = engine(&pool).await;
    let (ada, offer, _) = with_second_factor(&engine).await;
    let right = code(&engine, &offer, 0);
    for (password, code, expected) in [
        (password(), None, Unauthenticated::SecondFactorRequired),
        (password(), Some(" ".into()), Unauthenticated::SecondFactorRequired),
        (password(), Some(wrong(&right)), Unauthenticated::BadCode),
        ("guess".into(), None, Unauthenticated::BadCredentials),
        ("guess".into(), Some(right.clone()), Unauthenticated::BadCredentials),
    ] {
        let refused = engine.sign_in("ada@example.org", &password, code.as_ref()).await;
        assert!(
            matches!(&refused, Err(Error::Unauthenticated(told)) if *told == expected),
            "{refused:?}"
        );
    }
    let by_password = engine.authenticate_user("ada@example.org", &password()).await.unwrap();
    assert!(by_password.user.second_factor, "so that a page asks for the code");
    let proven = engine
        .sign_in("ada@example.org", &password(), Some(&right))
        .await
        .unwrap();
    assert_eq!(proven.user.id, ada.user);
}

#[sqlx::test(migrations = false)]
async fn a_code_is_taken_once_also_by_two_at_once_and_never_an_earlier_one_after_it(pool: PgPool) {
    let engine = engine(&pool).await;
    let (ada, offer, _) = with_second_factor(&engine).await;
    let right = code(&engine, &offer, 0);
    let (one, two) = tokio::join!(
        engine.check_second_factor(ada.user, &right),
        engine.check_second_factor(ada.user, &right),
    );
    assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
    assert!(is_bad_code(&if one.is_ok() { two } else { one }));
    let next = code(&engine, &offer, 1);
    assert!(
        engine.check_second_factor(ada.user, &next).await.is_ok(),
        "a clock may be fast"
    );
    engine.clock().advance(Duration::seconds(30));
    for spent in [code(&engine, &offer, -1), code(&engine, &offer, 0)] {
        assert!(is_bad_code(&engine.check_second_factor(ada.user, &spent).await));
    }
    let late = code(&engine, &offer, 1);
    engine.clock().advance(Duration::minutes(2));
    assert!(is_bad_code(&engine.check_second_factor(ada.user, &late).await));
}

#[sqlx::test(migrations = false)]
async fn the_code_that_turned_it_on_signs_nobody_in(pool: PgPool) {
    let engine = engine(&pool).await;
    user(&engine, "ada@example.org").await;
    let (ada, _) = sign_in(&engine, "ada@example.org").await;
    let offer = engine.offer_second_factor(&ada, &password()).await.unwrap();
    let first = code(&engine, &offer, 0);
    engine.confirm_second_factor(&ada, &first).await.unwrap();
    assert!(is_bad_code(&engine.check_second_factor(ada.user, &first).await));
}

#[sqlx::test(migrations = false)]
async fn each_recovery_code_stands_in_once_however_it_is_typed(pool: PgPool) {
    let engine = engine(&pool).await;
    let (ada, _, codes) = with_second_factor(&engine).await;
    for (index, shown) in codes.recovery_codes.iter().enumerate() {
        let typed = match index % 3 {
            0 => shown.clone(),
            1 => shown.to_uppercase(),
            _ => format!(" {} ", shown.replace('-', " ")),
        };
        let typed = SecretString::from(typed);
        let (one, two) = tokio::join!(
            engine.check_second_factor(ada.user, &typed),
            engine.check_second_factor(ada.user, &typed),
        );
        assert!(one.is_ok() != two.is_ok(), "{index}: {one:?} {two:?}");
    }
    let spent = SecretString::from(codes.recovery_codes[0].as_str());
    assert!(is_bad_code(&engine.check_second_factor(ada.user, &spent).await));
}

#[sqlx::test(migrations = false)]
async fn new_recovery_codes_replace_those_that_are_left(pool: PgPool) {
    let engine = engine(&pool).await;
    let (ada, _, old) = with_second_factor(&engine).await;
    let refused = fields(engine.renew_recovery_codes(&ada, &"guess".into()).await);
    assert!(refused.get("password").is_some());
    let new = engine.renew_recovery_codes(&ada, &password()).await.unwrap();
    let old = SecretString::from(old.recovery_codes[0].as_str());
    assert!(is_bad_code(&engine.check_second_factor(ada.user, &old).await));
    let new = SecretString::from(new.recovery_codes[0].as_str());
    assert!(engine.check_second_factor(ada.user, &new).await.is_ok());
}

#[sqlx::test(migrations = false)]
async fn codes_cannot_be_guessed_and_a_right_one_forgets_the_wrong_ones(pool: PgPool) {
    let engine = engine(&pool).await;
    let (ada, offer, _) = with_second_factor(&engine).await;
    let bad = wrong(&code(&engine, &offer, 0));
    for _ in 0..10 {
        assert!(is_bad_code(&engine.check_second_factor(ada.user, &bad).await));
    }
    let even = code(&engine, &offer, 0);
    let refused = engine.check_second_factor(ada.user, &even).await;
    let Err(Error::RateLimited { retry_after }) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(retry_after.as_secs(), 60);
    engine.clock().advance(Duration::seconds(60));
    assert!(is_bad_code(&engine.check_second_factor(ada.user, &bad).await));
    let refused = engine.check_second_factor(ada.user, &bad).await;
    assert!(
        matches!(refused, Err(Error::RateLimited { .. })),
        "one a minute from now on"
    );

    engine.clock().advance(Duration::seconds(60));
    let right = code(&engine, &offer, 0);
    assert!(engine.check_second_factor(ada.user, &right).await.is_ok());
    for _ in 0..10 {
        assert!(is_bad_code(&engine.check_second_factor(ada.user, &bad).await));
    }
}

#[sqlx::test(migrations = false)]
async fn recovery_codes_are_tried_however_many_codes_were_wrong_and_count_for_none(pool: PgPool) {
    let engine = engine(&pool).await;
    let (ada, offer, codes) = with_second_factor(&engine).await;
    for _ in 0..30 {
        let unknown = engine
            .check_second_factor(ada.user, &"aaaa-bbbb-cccc-dddd".into())
            .await;
        assert!(is_bad_code(&unknown), "{unknown:?}");
    }
    let bad = wrong(&code(&engine, &offer, 0));
    for _ in 0..10 {
        assert!(is_bad_code(&engine.check_second_factor(ada.user, &bad).await));
    }
    let right = codes.recovery_codes[0].as_str().into();
    engine.check_second_factor(ada.user, &right).await.unwrap();
}

#[sqlx::test(migrations = false)]
async fn it_is_removed_by_who_knows_the_password_or_by_a_superuser(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser_here(&engine, "root@example.org").await;
    let (ada, offer, codes) = with_second_factor(&engine).await;
    let refused = fields(engine.remove_second_factor(&ada, &"guess".into()).await);
    assert!(refused.get("password").is_some());
    engine.remove_second_factor(&ada, &password()).await.unwrap();
    assert!(engine.sign_in("ada@example.org", &password(), None).await.is_ok());
    for spent in [code(&engine, &offer, 0), codes.recovery_codes[0].as_str().into()] {
        assert!(is_bad_code(&engine.check_second_factor(ada.user, &spent).await));
    }
    for result in [
        engine.remove_second_factor(&ada, &password()).await,
        engine.renew_recovery_codes(&ada, &password()).await.map(drop),
        engine.reset_second_factor(&root, ada.user).await,
    ] {
        assert!(
            matches!(result, Err(Error::Conflict(Conflict::NoSecondFactor))),
            "{result:?}"
        );
    }

    let offer = engine.offer_second_factor(&ada, &password()).await.unwrap();
    let first = code(&engine, &offer, 0);
    engine.confirm_second_factor(&ada, &first).await.unwrap();
    let refused = engine.reset_second_factor(&ada, ada.user).await;
    assert!(matches!(refused, Err(Error::Denied(Denied::Superuser))));
    let nobody = uuid::Uuid::from_u128(7).into();
    let missing = engine.reset_second_factor(&root, nobody).await;
    assert!(matches!(missing, Err(Error::NotFound(NotFound::User))));
    engine.reset_second_factor(&root, ada.user).await.unwrap();
    assert!(!engine.me(&ada).await.unwrap().second_factor);
    let missing = engine.reset_second_factor_of(&who(), "nobody@example.org").await;
    assert!(matches!(missing, Err(Error::NotFound(NotFound::User))));
    for action in ["enable", "disable", "reset"] {
        assert!(
            !rows(&engine, &format!("second_factor.{action}")).await.is_empty(),
            "{action}"
        );
    }
}

#[sqlx::test(migrations = false)]
async fn a_link_for_a_lost_password_leaves_it_on(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser_here(&engine, "root@example.org").await;
    let (ada, offer, _) = with_second_factor(&engine).await;
    let link = engine.create_reset_link(&root, ada.user).await.unwrap();
    let new = SecretString::from("another password");
    engine.reset_password(&who(), &link.token.into(), &new).await.unwrap();
    let refused = engine.sign_in("ada@example.org", &new, None).await;
    assert!(matches!(
        refused,
        Err(Error::Unauthenticated(Unauthenticated::SecondFactorRequired))
    ));
    let right = code(&engine, &offer, 0);
    assert!(engine.sign_in("ada@example.org", &new, Some(&right)).await.is_ok());
}

#[sqlx::test(migrations = false)]
async fn the_secret_is_stored_sealed_and_the_codes_hashed(pool: PgPool) {
    let engine = engine(&pool).await;
    let (_, offer, codes) = with_second_factor(&engine).await;
    let stored: (Vec<u8>, Vec<Vec<u8>>) =
        sqlx::query_as("SELECT secret, ARRAY(SELECT code_hash FROM recovery_codes) FROM second_factors")
            .fetch_one(&pool)
            .await
            .unwrap();
    assert!(stored.0.len() > 40 && stored.1.len() == 10);
    let text = String::from_utf8_lossy(&stored.0).into_owned();
    assert!(!text.contains(&offer.secret));
    for code in codes.recovery_codes {
        let plain = code.replace('-', "").to_uppercase();
        assert!(stored.1.iter().all(|hash| hash.len() == 32 && hash != plain.as_bytes()));
    }
}
