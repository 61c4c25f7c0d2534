//! When an open stream must end because its caller lost the right to it. Whatever changes, each stream asks again; what
//! it asks is answered from memory, mostly.

use std::time::Duration;
use tokio::{sync::watch, time::sleep};

/// How long to wait before asking again what couldn't be answered.
const ASK_AGAIN: Duration = Duration::from_millis(if cfg!(test) { 1 } else { 1000 });

/// Waits until `may_go_on` denies it: it is asked at once and after every change. Where it has no answer, because the
/// database is away, nobody loses a stream.
pub(crate) async fn revoked<F: Future<Output = Option<bool>>>(
    mut changes: watch::Receiver<()>,
    may_go_on: impl Fn() -> F,
) {
    loop {
        match may_go_on().await {
            Some(true) if changes.changed().await.is_ok() => {}
            Some(_) => return,
            None => sleep(ASK_AGAIN).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::Body;
    use bytes::Bytes;
    use futures::{StreamExt, stream};
    use http_body_util::BodyExt;
    use std::sync::{Arc, Mutex};

    #[tokio::test]
    async fn a_stream_ends_when_its_caller_may_not_go_on_and_not_before() {
        let sender = watch::Sender::new(());
        let answer = Arc::new(Mutex::new(Some(true)));
        let asked = Arc::new(tokio::sync::Notify::new());
        let (given, asking) = (answer.clone(), asked.clone());
        let ended = revoked(sender.subscribe(), move || {
            let (given, asking) = (given.clone(), asking.clone());
            async move {
                asking.notify_one();
                *given.lock().unwrap()
            }
        });
        let silent = stream::pending::<Bytes>().take_until(Box::pin(ended));
        let reading = tokio::spawn(Body::stream(silent).collect());
        for next in [Some(true), None] {
            asked.notified().await;
            *answer.lock().unwrap() = next;
            sender.send_replace(());
        }
        asked.notified().await;
        assert!(!reading.is_finished());
        *answer.lock().unwrap() = Some(false);
        assert!(reading.await.unwrap().unwrap().to_bytes().is_empty());
    }
}
