"""People with wearables: heart beats recorded or synthesised, streamed as the app streams them."""
