//! What goes wrong in the field, done on purpose: roads that cut, delay, repeat and reorder; servers that are killed;
//! databases that go away, are locked, or run full. Whatever happens, each row is there exactly once in the end, and the
//! server says what is the matter.

mod database;
mod disk;
mod fleet;
mod kills;
mod road;
