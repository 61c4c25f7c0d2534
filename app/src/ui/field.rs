//! One field of a form: its name, its control, what it is for, and what is wrong with it.

use super::{Form, field_error::FieldError};
use leptos::prelude::*;
use patchbay_domain::schema_form::Bounds;

/// What can be done to a field.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Control {
    /// One line. The word is the input's type: `text`, `email`, `url`, `password`.
    Line(&'static str),
    /// Some lines.
    Lines,
    /// A number.
    Number {
        /// Between these.
        bounds: Bounds,
        /// Without a fraction.
        whole: bool,
    },
    /// A tick.
    Tick,
    /// One of these: value and label.
    Select(Vec<(String, String)>),
    /// Some lines of JSON.
    Json,
}

/// A field, with what was typed into it and what was wrong with it when the form was last sent without scripts.
#[component]
pub(crate) fn Field(
    /// The form that it is a part of.
    form: Form,
    /// The name that the form sends.
    #[prop(into)]
    name: String,
    /// What people read.
    #[prop(into)]
    label: String,
    /// What can be done to it.
    #[prop(default = Control::Line("text"))]
    control: Control,
    /// What its errors are listed under, when that isn't its name.
    #[prop(optional, into)]
    error_key: Option<String>,
    /// What it is for.
    #[prop(optional, into)]
    help: Option<String>,
    /// An example.
    #[prop(optional, into)]
    placeholder: Option<String>,
    /// What stands in it at first.
    #[prop(optional, into)]
    value: Option<String>,
    /// Whether it has to be filled in.
    #[prop(optional)]
    required: bool,
    /// Whether the label says that it hasn't.
    #[prop(optional)]
    mark_optional: bool,
    /// What browsers and password managers fill in.
    #[prop(default = "off")]
    autocomplete: &'static str,
    /// Whether typing begins here.
    #[prop(optional)]
    autofocus: bool,
) -> AnyView {
    let [help, placeholder, value] = [help, placeholder, value].map(|text| text.filter(|text| !text.is_empty()));
    let key = error_key.unwrap_or_else(|| name.clone());
    let id = form.element(&key);
    let error = form.error_of(&key).unwrap_or_default();
    let value = if form.is_second_try() {
        form.typed(&name).or(value.filter(|_| control != Control::Tick))
    } else {
        value
    };
    let help_id = format!("{id}-help");
    let described_by = match help {
        Some(_) => format!("{help_id} {id}-error"),
        None => format!("{id}-error"),
    };
    let invalid = (!error.is_empty()).then_some("true");
    let is_tick = control == Control::Tick;
    let input = Input {
        id: id.clone(),
        name,
        value,
        placeholder,
        required,
        autocomplete,
        autofocus,
        described_by,
        invalid,
    };
    let input = input.view(control);
    let label = view! {
        <label class="field-label" for=id.clone()>{label}</label>
        {mark_optional.then(|| view! { <span class="field-optional">"optional"</span> })}
    };
    let head = if is_tick {
        view! { <div class="field-tick">{input}<div>{label}</div></div> }.into_any()
    } else {
        view! { <div class="field-head">{label}</div>{input} }.into_any()
    };
    view! {
        <div class="field">
            {head}
            {help.map(|help| view! { <p class="field-help" id=help_id>{help}</p> })}
            <FieldError control=id key before=error/>
        </div>
    }
    .into_any()
}

struct Input {
    id: String,
    name: String,
    value: Option<String>,
    placeholder: Option<String>,
    required: bool,
    autocomplete: &'static str,
    autofocus: bool,
    described_by: String,
    invalid: Option<&'static str>,
}

impl Input {
    fn view(self, control: Control) -> AnyView {
        match control {
            Control::Line(kind) => self.line(kind, None, Bounds::default()),
            Control::Number { bounds, whole } => self.line("number", Some(if whole { "1" } else { "any" }), bounds),
            Control::Tick => self.tick(),
            Control::Lines => self.lines("input input-lines", "true"),
            Control::Json => self.lines("input input-lines input-code", "false"),
            Control::Select(choices) => self.select(choices),
        }
    }

    fn line(self, kind: &'static str, step: Option<&'static str>, bounds: Bounds) -> AnyView {
        let Self {
            id,
            name,
            value,
            placeholder,
            required,
            autocomplete,
            autofocus,
            described_by,
            invalid,
        } = self;
        view! {
            <input class="input" type=kind id=id name=name value=value placeholder=placeholder required=required
                autocomplete=autocomplete autofocus=autofocus step=step min=bounds.min max=bounds.max
                aria-describedby=described_by aria-invalid=invalid/>
        }
        .into_any()
    }

    fn tick(self) -> AnyView {
        let Self {
            id,
            name,
            value,
            described_by,
            invalid,
            ..
        } = self;
        let checked = value.is_some_and(|value| value == "true");
        view! {
            <input class="tick" type="checkbox" id=id name=name value="true" checked=checked
                aria-describedby=described_by aria-invalid=invalid/>
        }
        .into_any()
    }

    fn lines(self, class: &'static str, spellcheck: &'static str) -> AnyView {
        let Self {
            id,
            name,
            value,
            placeholder,
            required,
            autocomplete,
            described_by,
            invalid,
            ..
        } = self;
        view! {
            <textarea class=class id=id name=name placeholder=placeholder required=required rows="4"
                autocomplete=autocomplete spellcheck=spellcheck aria-describedby=described_by aria-invalid=invalid>
                {inside_lines(&value.unwrap_or_default())}
            </textarea>
        }
        .into_any()
    }

    fn select(self, choices: Vec<(String, String)>) -> AnyView {
        let Self {
            id,
            name,
            value,
            required,
            described_by,
            invalid,
            ..
        } = self;
        // Without a value nothing is chosen for anybody.
        let nothing = value.is_none() || !required;
        view! {
            <select class="input" id=id name=name required=required aria-describedby=described_by aria-invalid=invalid>
                {nothing.then(|| view! { <option value="">"Choose…"</option> })}
                {choices.into_iter().map(|(text, label)| {
                    let selected = value.as_ref() == Some(&text);
                    view! { <option value=text selected=selected>{label}</option> }
                }).collect_view()}
            </select>
        }
        .into_any()
    }
}

/// A text as it stands between the tags of a `textarea`, where the framework writes it as it is. Browsers drop the first line
/// end there, and it mustn't be one of the text's own.
fn inside_lines(text: &str) -> String {
    format!("\n{}", text.replace('&', "&amp;").replace('<', "&lt;"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_lines_end_where_the_text_ends() {
        assert_eq!(inside_lines("</textarea>&lt;"), "\n&lt;/textarea>&amp;lt;");
        assert_eq!(inside_lines("\nb"), "\n\nb", "the first of two is dropped");
        assert_eq!(inside_lines(""), "\n");
    }
}
