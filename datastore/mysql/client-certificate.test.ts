import { testClientCertificate } from '#test/sql/client-certificate-cases.ts';
import { mariadb } from './engine.fake.ts';

testClientCertificate(mariadb);
