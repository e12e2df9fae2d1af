"""The Telegram bot. Needs the extra ``bot``. `service.Service` runs it; `api.connect` connects it to the Bot API."""
