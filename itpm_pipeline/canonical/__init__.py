"""The warehouse's one vocabulary: tables, rows and enumerations that every tracker is mapped to."""
