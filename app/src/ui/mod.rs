//! The parts that pages are made of. A part knows no page, no server function and no colour: those are in `style/`.
//!
//! Islands, and what they draw, are compiled for both sides; the rest stays on the server.

mod alert;
mod copy;
mod dialog;
mod field_error;
mod icon;
mod keep_fragment;
mod live_form;
mod notice;
mod number;
mod sending;
mod submit;
mod take_token;
mod words;

pub(crate) use alert::Alert;
pub(crate) use copy::CopyBlock;
pub(crate) use icon::{Icon, IconView};
pub(crate) use live_form::{FormSeed, LiveForm, element_id};
pub(crate) use number::count;
pub(crate) use sending::Sending;
pub(crate) use words::Words;

#[cfg(feature = "ssr")]
mod parts {
    pub(crate) use super::{
        badge::{BindingBadge, ModeBadge},
        chart::{Bar, Chart},
        copy::CopyLine,
        dialog::Dialog,
        empty_state::EmptyState,
        error_state::ErrorState,
        field::{Control, Field},
        field_error::FieldError,
        form::{Form, Hidden, InPlaceForm, PlainForm, form},
        keep_fragment::KeepFragment,
        logo::Logo,
        names::names,
        no_such_page::{NoSuchPage, if_there},
        notice::NoticeCard,
        number::things,
        page::{page, page_for_anybody},
        page_header::PageHeader,
        pager::Pager,
        schema_fields::SchemaFields,
        search::Search,
        setting::Setting,
        shown_once::ShownOnce,
        stat::Stat,
        submit::Submit,
        take_token::TakeToken,
        time_ago::{TimeAgo, TimeLeft, day_and_hour, day_of},
        token_table::{TokenRow, TokenTable},
        words::Kind,
    };
}
#[cfg(feature = "ssr")]
pub(crate) use parts::*;

#[cfg(feature = "ssr")]
mod badge;
#[cfg(feature = "ssr")]
mod chart;
#[cfg(feature = "ssr")]
mod empty_state;
#[cfg(feature = "ssr")]
mod error_state;
#[cfg(feature = "ssr")]
mod field;
#[cfg(feature = "ssr")]
mod form;
#[cfg(feature = "ssr")]
mod logo;
#[cfg(feature = "ssr")]
mod names;
#[cfg(feature = "ssr")]
mod no_such_page;
#[cfg(feature = "ssr")]
mod page;
#[cfg(feature = "ssr")]
mod page_header;
#[cfg(feature = "ssr")]
mod pager;
#[cfg(feature = "ssr")]
mod schema_fields;
#[cfg(feature = "ssr")]
mod search;
#[cfg(feature = "ssr")]
mod setting;
#[cfg(feature = "ssr")]
mod shown_once;
#[cfg(feature = "ssr")]
mod stat;
#[cfg(feature = "ssr")]
mod time_ago;
#[cfg(feature = "ssr")]
mod token_table;
