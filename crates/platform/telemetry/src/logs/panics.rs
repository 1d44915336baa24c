//! Panics as log lines, so that they are seen where everything else is seen.

use std::panic::PanicHookInfo;

const MAX_MESSAGE_CHARS: usize = 500;

/// Takes the place of the standard hook.
pub(super) fn install() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        let thread = std::thread::current();
        tracing::error!(
            target: "panic",
            place = %place,
            thread = thread.name().unwrap_or("unnamed"),
            "{}",
            message(info)
        );
    }));
}

fn message(info: &PanicHookInfo<'_>) -> String {
    let text = info
        .payload()
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| info.payload().downcast_ref::<String>().map(String::as_str))
        .unwrap_or("panicked");
    text.chars().take(MAX_MESSAGE_CHARS).collect()
}
