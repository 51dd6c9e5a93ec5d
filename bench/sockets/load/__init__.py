"""The load: a population of users, their wearables' connections and the generator processes."""
