import { testTenants } from '#test/sql/tenant-cases.ts';
import { mariadb } from './engine.fake.ts';

testTenants(mariadb);
