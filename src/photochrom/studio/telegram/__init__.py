"""The Telegram bot: `service.Service` is the bot at work, `api.connect` its line to the Bot API."""
