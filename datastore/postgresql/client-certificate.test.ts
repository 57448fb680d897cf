import { testClientCertificate } from '#test/sql/client-certificate-cases.ts';
import { postgres } from './engine.fake.ts';

testClientCertificate(postgres);
