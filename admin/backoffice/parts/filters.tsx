import { ReferenceInput, SelectInput } from 'react-admin';

/** Words as choices of a select. */
export const choices = (words: readonly string[]) => words.map((id) => ({ id, name: id.replaceAll('_', ' ') }));
/** A filter by plan, best-ranked last. */
export const planFilter = (source: string, label: string) => (
  <ReferenceInput source={source} reference="plans" key={source} sort={{ field: 'rank', order: 'ASC' }}>
    <SelectInput label={label} optionText="name" />
  </ReferenceInput>
);
