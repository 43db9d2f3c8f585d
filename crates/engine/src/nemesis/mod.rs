//! Nemeses: random schedules of faults, drawn from rates and durations. A nemesis is data; with a seed and a population it becomes the
//! faults of one run, to be merged into the setup's.
