"""The planner's service: accounts, drafts, advice, review and releases, on the store itself."""
