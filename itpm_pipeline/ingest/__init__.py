"""Landing, loading, outcomes: owns the correctness of what gets into the core schema."""
