//! Object stores: from a URL to a bucket's keys, and to the bytes of its objects.
//!
//! In: URLs (`s3://`, `gs://`, `az://`, `abfss://`) and a [`StoreConfig`]. Out: listings, page by page; objects, whole or as readers that fetch
//! ahead; faults in words that name no secret. Requests, signatures and retries are crate `object_store`'s. This stage has threads of its own,
//! those of its runtime, which start with the first URL; its callers wait for them and know nothing of futures.

mod again;
mod bucket;
mod connect;
mod e_tag;
mod fault;
mod lease;
mod object;
#[cfg(feature = "aws-profiles")]
mod profile;
#[cfg(not(feature = "aws-profiles"))]
#[path = "no_profile.rs"]
mod profile;
#[cfg(feature = "aws-profiles")]
mod profile_http;
mod reader;
mod s3;
mod traffic;
mod url;
mod write;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tokio::runtime::{Builder, Runtime};

use crate::config::StoreConfig;

pub(crate) use bucket::{Bucket, Folder, Found};
pub(crate) use fault::StoreFault;
pub(crate) use lease::{Lease, Taken, WaitFor, Watch};
pub(crate) use object::{Arriving, Object};
pub(crate) use reader::{AHEAD_BYTES, ObjectReader};
pub use traffic::Traffic;
pub(crate) use url::ObjectUrl;
pub(crate) use write::{UPLOAD_BYTES, Upload};

/// The buckets of a run, each connected to once.
#[derive(Debug, Default)]
pub(crate) struct Stores {
    config: StoreConfig,
    traffic: Arc<Traffic>,
    runtime: OnceLock<Arc<Runtime>>,
    buckets: Mutex<HashMap<String, Arc<Bucket>>>,
}

/// Threads for requests: decryption is most of what they do.
const REQUEST_THREADS: usize = 2;

impl Stores {
    /// Nothing is connected to yet. What comes is counted in `traffic`.
    pub(crate) fn new(config: StoreConfig, traffic: Arc<Traffic>) -> Self {
        Self { config, traffic, ..Self::default() }
    }

    /// The bucket that `url` lies in.
    ///
    /// # Errors
    /// Where the settings or the environment do not say how to reach it.
    pub(crate) fn bucket(&self, url: &ObjectUrl) -> Result<Arc<Bucket>, StoreFault> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bucket) = buckets.get(url.root()) {
            return Ok(bucket.clone());
        }
        let runtime = self.runtime()?;
        let store = connect::connect(url, &self.config, &runtime)?;
        let bucket = Arc::new(Bucket::new(url.root().to_owned(), store, runtime, self.traffic.clone()));
        buckets.insert(url.root().to_owned(), bucket.clone());
        Ok(bucket)
    }

    fn runtime(&self) -> Result<Arc<Runtime>, StoreFault> {
        if let Some(runtime) = self.runtime.get() {
            return Ok(runtime.clone());
        }
        let mut builder = Builder::new_multi_thread();
        let built = builder.worker_threads(REQUEST_THREADS).thread_name("tlslake-store").enable_all().build();
        let built = built.map_err(|error| StoreFault::setting(format!("the threads for requests could not be started: {error}")))?;
        Ok(self.runtime.get_or_init(|| Arc::new(built)).clone())
    }
}
