"""Who hears it and when: plan, store, delivery. Never imports Telegram."""
