//! The ground itself is tested: a proxy that does not cut, or a search that finds nothing, would let every
//! other test pass.

mod byte_search;
mod database;
mod fault_proxy;
mod server_process;
