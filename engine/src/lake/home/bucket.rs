//! A lake below a prefix of a bucket: an object is whole or absent by itself, and stays once it was written.
//!
//! Files are staged on a disk and uploaded when their unit is committed. A large one goes in parts; until they are made one object,
//! `_tlslake/uploads/` names the upload, so that the next run can give it up should this one die.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::lock::{self, Lock, Quiet};
use super::{Home, HomeFile, LOCK, LakeBytes, Made, taken};
use crate::error::{Error, Result};
use crate::failpoint;
use crate::lake::bytes::ObjectBytes;
use crate::lake::staging::{self, StagedFile};
use crate::store::{Bucket, Found, Lease, Object, ObjectReader, StoreFault, Taken, Upload, WaitFor, Watch};

/// What names uploads under way.
const UPLOADS: &str = "_tlslake/uploads";

/// A prefix of a bucket.
#[derive(Debug)]
pub(super) struct BucketHome {
    bucket: Arc<Bucket>,
    /// With a `/` at its end, or empty.
    prefix: String,
    path: PathBuf,
    staging: Mutex<Option<tempfile::TempDir>>,
}

impl BucketHome {
    /// The lake below `prefix`, with a `/` at its end or without.
    pub(super) fn new(bucket: Arc<Bucket>, prefix: &str) -> Self {
        let prefix = prefix.trim_matches('/');
        let path = PathBuf::from(format!("{}{prefix}", bucket.root()));
        let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        Self { bucket, prefix, path, staging: Mutex::default() }
    }

    fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    fn failed(&self, name: &str, fault: StoreFault) -> Error {
        Error::Output { path: self.at(name), problem: fault.message }
    }

    fn at(&self, name: &str) -> PathBuf {
        if name.is_empty() { self.path.clone() } else { self.path.join(name) }
    }

    fn reach(&self, step: &'static str, name: &str) -> Result<()> {
        failpoint::reach(step).map_err(|error| Error::io(self.at(name), "writing", error))
    }

    fn find(&self, name: &str) -> Result<Option<Found>> {
        self.bucket.find(&self.key(name)).map_err(|fault| self.failed(name, fault))
    }

    /// An object, and the name that it is shown by.
    fn object(&self, name: &str) -> Result<(Object, String)> {
        let absent = || Error::Output { path: self.at(name), problem: "is not there".to_owned() };
        let url = format!("{}{}", self.bucket.root(), self.key(name));
        self.find(name)?.map(|found| (Object::new(self.bucket.clone(), &found, &url), url)).ok_or_else(absent)
    }

    fn staging(&self) -> MutexGuard<'_, Option<tempfile::TempDir>> {
        self.staging.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn upload(&self, file: &StagedFile) -> Upload {
        Upload { file: file.staged.clone(), key: self.key(&staging::path_text(&file.target)), bytes: file.bytes }
    }

    /// Uploads a large file.
    fn upload_in_parts(&self, upload: &Upload, name: &str) -> Result<()> {
        let failed = |fault| self.failed(name, fault);
        self.reach("upload.begin", name)?;
        let id = self.bucket.begin_upload(&upload.key).map_err(failed)?;
        let note = format!("{UPLOADS}/{}", note_name(name));
        let uploaded = self.write(&note, format!("{name}\n{id}\n").as_bytes()).and_then(|()| {
            self.reach("upload.parts", name)?;
            let parts = self.bucket.upload_parts(upload, &id).map_err(failed)?;
            self.reach("upload.complete", name)?;
            self.bucket.complete_upload(upload, &id, &parts).map_err(failed)?;
            self.reach("upload.end", name)
        });
        if uploaded.is_err() {
            // What fails here is left to the next run, which finds the note.
            let _ = self.bucket.abort_upload(&upload.key, &id);
        }
        let noted = self.remove_file(&note);
        uploaded.and(noted)
    }

    /// Fails where a name is taken, or an object is not as long as what was sent.
    fn check_uploaded(&self, file: &StagedFile) -> Result<()> {
        let name = staging::path_text(&file.target);
        match self.size(&name)? {
            Some(bytes) if bytes == file.bytes => Ok(()),
            found => {
                let found = found.map_or_else(|| "is not there".to_owned(), |bytes| format!("has {bytes} bytes"));
                let problem = format!("{found} after {} bytes were sent: something else writes here, or the store is at fault", file.bytes);
                Err(Error::Output { path: self.at(&name), problem })
            }
        }
    }
}

/// The name of an upload's note: one for each file.
fn note_name(name: &str) -> String {
    format!("{:032x}", xxhash_rust::xxh3::xxh3_128(name.as_bytes()))
}

impl Home for BucketHome {
    fn path(&self) -> &Path {
        &self.path
    }

    fn make(&self) -> Result<Made> {
        // A prefix is there once an object is.
        Ok(Made::default())
    }

    fn has_folders(&self) -> bool {
        false
    }

    fn make_folders(&self, _names: &[&str]) -> Result<()> {
        Ok(())
    }

    fn names(&self, folder: &str) -> Result<Option<Vec<String>>> {
        let listed = self.bucket.folders(&[self.key(folder)]).map_err(|fault| self.failed(folder, fault))?;
        let keys = listed.iter().flat_map(|listed| listed.folders.iter().chain(listed.objects.iter().map(|found| &found.key)));
        let names: Vec<String> = keys.filter_map(|key| key.rsplit('/').next()).map(str::to_owned).collect();
        Ok((!names.is_empty()).then_some(names))
    }

    fn files(&self, folder: &str) -> Result<Vec<HomeFile>> {
        let mut files = Vec::new();
        let take = |_, found: Found| {
            if let Some(name) = found.key.strip_prefix(&self.prefix) {
                files.push(HomeFile { name: name.to_owned(), bytes: found.size });
            }
        };
        self.bucket.all_below(&[self.key(folder)], take).map_err(|fault| self.failed(folder, fault))?;
        files.sort_unstable();
        Ok(files)
    }

    fn size(&self, name: &str) -> Result<Option<u64>> {
        Ok(self.find(name)?.map(|found| found.size))
    }

    fn read(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let got = self.bucket.get(&self.key(name)).map_err(|fault| self.failed(name, fault))?;
        Ok(got.map(|(bytes, _)| bytes.into()))
    }

    fn open(&self, name: &str) -> Result<Box<dyn Read + Send>> {
        let (object, shown) = self.object(name)?;
        Ok(Box::new(ObjectReader::new(object, shown)))
    }

    fn bytes(&self, name: &str) -> Result<LakeBytes> {
        let (object, shown) = self.object(name)?;
        Ok(LakeBytes::Object(ObjectBytes::new(object, &shown)))
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        self.reach("object.put", name)?;
        self.bucket.put(&self.key(name), bytes.to_vec().into()).map_err(|fault| self.failed(name, fault))
    }

    fn create(&self, name: &str, bytes: &[u8]) -> Result<()> {
        self.reach("object.create", name)?;
        let created = self.bucket.create(&self.key(name), bytes.to_vec().into()).map_err(|fault| self.failed(name, fault))?;
        created.map(drop).ok_or_else(|| taken(self.at(name)))
    }

    fn place(&self, files: &[StagedFile]) -> Result<()> {
        for file in files {
            let name = staging::path_text(&file.target);
            if self.size(&name)?.is_some() {
                return Err(taken(self.at(&name)));
            }
        }
        let (small, large): (Vec<&StagedFile>, Vec<&StagedFile>) = files.iter().partition(|file| self.upload(file).is_small());
        self.reach("upload.small", "")?;
        let uploads: Vec<Upload> = small.iter().map(|file| self.upload(file)).collect();
        self.bucket.upload_small(&uploads).map_err(|(key, fault)| self.failed(key.strip_prefix(&self.prefix).unwrap_or(&key), fault))?;
        large.iter().try_for_each(|file| self.upload_in_parts(&self.upload(file), &staging::path_text(&file.target)))?;
        files.iter().try_for_each(|file| self.check_uploaded(file))
    }

    fn remove(&self, names: &[String]) -> Result<()> {
        names.iter().try_for_each(|name| {
            self.reach("object.remove", name)?;
            self.bucket.remove(&self.key(name)).map_err(|fault| self.failed(name, fault))
        })
    }

    fn at_hand(&self, name: &str, folder: &Path) -> Result<PathBuf> {
        let path = folder.join(note_name(name));
        let failed = |error| Error::io(&path, "fetching a file of the lake", error);
        let mut copy = File::create(&path).map_err(failed)?;
        std::io::copy(&mut self.open(name)?, &mut copy).map_err(failed)?;
        Ok(path)
    }

    fn remove_all(&self, name: &str) -> Result<()> {
        // A listing of a prefix does not give the object of that very name.
        let names: Vec<String> = self.files(name)?.into_iter().map(|file| file.name).chain([name.to_owned()]).collect();
        self.remove(&names)
    }

    fn remove_unfinished(&self) -> Result<u64> {
        let notes = self.files(UPLOADS)?;
        for note in &notes {
            let text = self.read(&note.name)?.unwrap_or_default();
            if let Some((name, id)) = std::str::from_utf8(&text).ok().and_then(|text| text.trim_end().split_once('\n')) {
                self.bucket.abort_upload(&self.key(name), id).map_err(|fault| self.failed(name, fault))?;
            }
            self.remove_file(&note.name)?;
        }
        Ok(notes.len() as u64)
    }

    fn make_staging(&self) -> Result<PathBuf> {
        let folder = tempfile::Builder::new().prefix("tlslake-").tempdir();
        let folder = folder.map_err(|error| Error::io(std::env::temp_dir(), "making a folder for unfinished files", error))?;
        let path = folder.path().to_owned();
        *self.staging() = Some(folder);
        Ok(path)
    }

    fn remove_staging(&self) -> Result<()> {
        let Some(folder) = self.staging().take() else { return Ok(()) };
        let path = folder.path().to_owned();
        folder.close().map_err(|error| Error::io(path, "removing the staging area", error))
    }

    fn lock(&self, wait: &dyn Fn(WaitFor) -> bool) -> Result<Lock> {
        match Lease::take(self.bucket.clone(), self.key(LOCK), wait).map_err(|fault| lock::lost(&self.path, fault))? {
            Taken::Held(lease) => Ok(Lock::Lease(lease, self.path.clone())),
            Taken::Refused(holder) => Err(Error::Locked { path: self.path.clone(), holder }),
        }
    }

    fn remove_lock(&self) -> Result<()> {
        // It is given back as free, and stays: another run may be looking at it.
        Ok(())
    }

    fn quiet(&self) -> Result<Quiet> {
        match Watch::begin(self.bucket.clone(), self.key(LOCK)).map_err(|fault| lock::lost(&self.path, fault))? {
            Ok(watch) => Ok(Quiet::Watch(watch, self.path.clone())),
            Err(holder) => Err(Error::Locked { path: self.path.clone(), holder }),
        }
    }
}
