import { testTenants } from '#test/sql/tenant-cases.ts';
import { postgres } from './engine.fake.ts';

testTenants(postgres);
