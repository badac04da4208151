//! The vocabulary: acts, events, participants, dates, evidence and the leaf that records them.
