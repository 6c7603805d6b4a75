import { Autocomplete, TextField } from '@mui/material';
import { useState } from 'react';
import { type RaRecord, useGetList, useGetOne } from 'react-admin';

interface Props {
  value: string | null;
  help: string;
  choose: (tenantId: string | null) => void;
}

/** A tenant, found by its name or id. */
export function TenantChoice({ value, help, choose }: Props) {
  const [typed, setTyped] = useState('');
  const { data: chosen } = useGetOne('tenants', { id: value ?? '' }, { enabled: Boolean(value) });
  const { data: found = [], isFetching } = useGetList('tenants', {
    filter: { status: ['active', 'suspended'], ...(typed && typed !== chosen?.name ? { q: typed } : {}) },
    pagination: { page: 1, perPage: 10 },
    sort: { field: 'createdAt', order: 'DESC' },
  });
  const current = value && chosen?.id === value ? chosen : null;
  const options = current && !found.some(({ id }) => id === current.id) ? [current, ...found] : found;
  return (
    <Autocomplete<RaRecord>
      options={options}
      value={current}
      loading={isFetching}
      filterOptions={(all) => all}
      getOptionLabel={({ name }) => name}
      getOptionKey={({ id }) => id}
      isOptionEqualToValue={(one, other) => one.id === other.id}
      onInputChange={(_event, text) => setTyped(text)}
      onChange={(_event, tenant) => choose(tenant ? String(tenant.id) : null)}
      renderOption={(props, { id, name, planId }) => (
        <li {...props} key={id}>
          {name} · {planId}
        </li>
      )}
      renderInput={(params) => <TextField {...params} required label="Tenant" helperText={help} />}
    />
  );
}
