"""Starts moto_server with one correction.

moto ignores `MessageType: DIGEST` of KMS's Sign: it hashes the digest again (up to 5.2.5). Real KMS
does not, and cosign and this package send digests only.
https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html#KMS-Sign-request-MessageType
"""

import threading

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from moto import server
from moto.kms.responses import KmsResponse
from moto.kms.utils import ECDSAPrivateKey, RSAPrivateKey

request = threading.local()
answer_sign = KmsResponse.sign


def sign(self):
    request.is_digest = self._get_param("MessageType") == "DIGEST"
    try:
        return answer_sign(self)
    finally:
        request.is_digest = False


def for_message_type(algorithm):
    return Prehashed(algorithm) if getattr(request, "is_digest", False) else algorithm


def sign_ecdsa(self, message, signing_algorithm):
    algorithm = self._ECDSAPrivateKey__hash_algorithm(signing_algorithm)
    return self.private_key.sign(message, ec.ECDSA(for_message_type(algorithm)))


def sign_rsa(self, message, signing_algorithm):
    padding, algorithm = self._RSAPrivateKey__padding_and_hash_algorithm(signing_algorithm)
    return self.private_key.sign(message, padding, for_message_type(algorithm))


KmsResponse.sign = sign
ECDSAPrivateKey.sign = sign_ecdsa
RSAPrivateKey.sign = sign_rsa

if __name__ == "__main__":
    server.main()
