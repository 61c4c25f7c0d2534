//! The icons of the sprite, `public/icons.svg`, by name.

use leptos::prelude::*;

macro_rules! icons {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// An icon. It stands beside words and never for them.
        // Islands draw few of them.
        #[cfg_attr(not(feature = "ssr"), allow(dead_code))]
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Icon {
            $($(#[$doc])* $variant,)*
        }

        impl Icon {
            #[cfg(test)]
            const ALL: &[Self] = &[$(Self::$variant,)*];

            fn href(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!("/icons.svg#", $name),)*
                }
            }
        }
    };
}

icons! {
    Overview = "overview",
    Activity = "activity",
    Connector = "connector",
    Source = "source",
    Server = "server",
    Users = "users",
    Audit = "audit",
    Search = "search",
    Plus = "plus",
    Copy = "copy",
    Check = "check",
    Close = "close",
    Key = "key",
    SignOut = "sign-out",
    Tool = "tool",
    Template = "template",
    Arrow = "arrow",
    Up = "up",
    Down = "down",
}

/// Draws an icon, hidden from screen readers.
#[component]
pub(crate) fn IconView(icon: Icon) -> impl IntoView {
    view! {
        <svg class="icon" aria-hidden="true" focusable="false">
            <use href=icon.href()></use>
        </svg>
    }
}

#[cfg(test)]
mod tests {
    use super::Icon;

    #[test]
    fn every_icon_is_in_the_sprite() {
        let sprite = include_str!("../../../public/icons.svg");
        for icon in Icon::ALL {
            let id = icon.href().rsplit('#').next().unwrap();
            assert!(sprite.contains(&format!("<symbol id=\"{id}\"")), "{icon:?} is missing");
        }
    }
}
