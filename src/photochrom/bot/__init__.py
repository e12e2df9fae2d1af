"""The Telegram bot. Needs the extra ``bot``. `service.Service` runs it; `api.connect` makes its line to the Bot API."""
