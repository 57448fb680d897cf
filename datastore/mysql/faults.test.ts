import { testFaults } from '#test/sql/fault-cases.ts';
import { mariadb } from './engine.fake.ts';

testFaults(mariadb);
