//! Serial numbers of certificates: numbers, written in more than one way.

/// A serial number in the form in which equal numbers are equal texts: hex in capitals, without leading zeros and without colons.
pub fn canonical_serial(serial: &str) -> String {
    let digits: String = serial.chars().filter(|&c| c != ':').map(|c| c.to_ascii_uppercase()).collect();
    let number = digits.trim_start_matches('0');
    if number.is_empty() && !digits.is_empty() { "0".to_owned() } else { number.to_owned() }
}
