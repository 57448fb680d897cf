import { testFaults } from '#test/sql/fault-cases.ts';
import { postgres } from './engine.fake.ts';

testFaults(postgres);
