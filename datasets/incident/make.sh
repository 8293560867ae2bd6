#!/usr/bin/env bash
# Makes this folder's certificates, revocation list and log anew, with keys that are thrown away. Needs openssl and gzip.
#
# The story: a partner moved to a new issuing CA that nobody uploaded, a laptop was revoked, and a batch job's certificate ran out.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

days=7300 # the story's dates are fixed; its certificates should not run out while somebody tries it
key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"; }
ca() { # NAME SUBJECT [ISSUER]
    key "$1"
    openssl req -new -key "$1.key" -subj "$2" -out "$1.csr"
    printf 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n' >"$1.ext"
    if [ $# -eq 3 ]; then
        openssl x509 -req -in "$1.csr" -CA "$3.pem" -CAkey "$3.key" -CAcreateserial -days "$days" -extfile "$1.ext" -out "$1.pem"
    else
        openssl x509 -req -in "$1.csr" -key "$1.key" -days "$days" -extfile "$1.ext" -out "$1.pem"
    fi
}
leaf() { # NAME SUBJECT ISSUER SERIAL
    key "$1"
    openssl req -new -key "$1.key" -subj "$2" -out "$1.csr"
    printf 'keyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth\n' >"$1.ext"
    openssl x509 -req -in "$1.csr" -CA "$3.pem" -CAkey "$3.key" -set_serial "0x$4" -days "$days" -extfile "$1.ext" -out "$1.pem"
}
{
    ca root "/C=US/O=Northwind Payments LLC/CN=Northwind Root CA"
    ca issuing-1 "/C=US/O=Northwind Payments LLC/CN=Northwind Issuing CA 1" root
    ca partner-2 "/C=DE/O=Rheinwerk Automation GmbH/CN=Rheinwerk Client CA 2"
    leaf gateway "/C=DE/O=Rheinwerk Automation GmbH/CN=gateway.rheinwerk.example" partner-2 4A6F0B1C22D94E57
    leaf laptop "/C=US/O=Northwind Payments LLC/OU=IT/CN=laptop-jdoe" issuing-1 C0FFEE00D15EA5E5
    touch index.txt
    echo 01 >crlnumber
    printf '[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\ncrlnumber=crlnumber\ndefault_md=sha256\ndefault_crl_days=%s\n' "$days" >ca.cnf
    openssl ca -config ca.cnf -cert issuing-1.pem -keyfile issuing-1.key -revoke laptop.pem -crl_reason keyCompromise
    openssl ca -config ca.cnf -cert issuing-1.pem -keyfile issuing-1.key -gencrl -out northwind.crl.pem
} 2>/dev/null

cat root.pem issuing-1.pem >"$here/ca-bundle.pem"
cp northwind.crl.pem "$here/northwind.crl.pem"
cp gateway.pem "$here/gateway.pem"

balancer="app/edge-payments-prod/50dc6c495c0c9188"
validity() { # FILE
    from=$(date -u -d "$(openssl x509 -in "$1" -noout -startdate | cut -d= -f2)" +%FT%TZ)
    to=$(date -u -d "$(openssl x509 -in "$1" -noout -enddate | cut -d= -f2)" +%FT%TZ)
    echo "NotBefore=$from;NotAfter=$to"
}
line() { # TIME CLIENT PORT SUBJECT VALIDITY SERIAL STATUS LATENCY
    trace=$(printf '%s' "$*" | openssl dgst -md5 -r | cut -c1-32)
    echo "$1 $2 $3 443 TLSv1.3 TLS_AES_128_GCM_SHA256 $8 \"$4\" $5 $6 $7 TID_$trace x25519 $balancer 10.0.12.31"
}
gateway="CN=gateway.rheinwerk.example,O=Rheinwerk Automation GmbH,C=DE"
laptop="CN=laptop-jdoe,OU=IT,O=Northwind Payments LLC,C=US"
batch="CN=settlement-batch-01,OU=payments platform,O=Northwind Payments LLC,C=US"
day=$(date -u -d '+30 days' +%F) # after every NotBefore
expired="NotBefore=2025-12-01T00:00:00Z;NotAfter=${day}T00:00:00Z"
night=$(date -u -d "$day -1 day" +%F)
{
    line "${night}T23:40:11.204118Z" 203.0.113.40 40112 "$batch" "$expired" 7D19A40C55E2B8F3 Success 0.009
    line "${night}T23:52:02.918834Z" 203.0.113.77 50990 "$laptop" "$(validity laptop.pem)" C0FFEE00D15EA5E5 Success 0.012
    for minute in 01 06 11 16 21 26 31; do
        line "${day}T00:${minute}:04.776523Z" 203.0.113.40 "401$minute" "$batch" "$expired" 7D19A40C55E2B8F3 Failed:ClientCertExpired -
    done
    for minute in 02 03 04 05 07 08 09 12 14 19 23 28; do
        line "${day}T00:${minute}:31.120774Z" "198.51.100.$((10#$minute))" "520$minute" "$gateway" "$(validity gateway.pem)" 4A6F0B1C22D94E57 Failed:ClientCertUntrusted -
    done
    for minute in 13 15 33; do
        line "${day}T00:${minute}:47.500912Z" 203.0.113.77 "510$minute" "$laptop" "$(validity laptop.pem)" C0FFEE00D15EA5E5 Failed:ClientCertCrlHit -
    done
} | sort | gzip -9n >"$here/conn_log_123456789012_elasticloadbalancing_us-east-1_app.edge-payments-prod.50dc6c495c0c9188_${day//-/}T0035Z_10.0.12.31_2f2gzozq.log.gz"
