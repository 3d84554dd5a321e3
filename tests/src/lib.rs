//! The ground that the integration tests stand on: databases, faulty networks, real processes, logs, seeds.
//!
//! It knows how to run the product, never what the product should answer: expectations belong to `it/`.

pub mod app;
pub mod browser;
pub mod byte_search;
pub mod calendar_client;
pub mod clients;
pub mod database;
pub mod fault_proxy;
mod ground;
pub mod log_capture;
pub mod node_client;
pub mod phone;
pub mod postgres;
pub mod push_service;
pub mod refusals;
pub mod rxdb;
pub mod rxdb_client;
pub mod seeds;
pub mod server_process;
pub mod sheets;
pub mod socket;
pub mod spellings;
pub mod target;
pub mod world;

pub use app::TestApp;
pub use database::{Kind, TestDatabase};
pub use fault_proxy::FaultProxy;
pub use log_capture::LogCapture;
pub use server_process::ServerProcess;
