import DeleteIcon from '@mui/icons-material/CloseOutlined';
import { Autocomplete, Box, Button, FormHelperText, IconButton, TextField, Typography } from '@mui/material';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { type HttpError, useDataProvider, useInput, useRecordContext } from 'react-admin';
import { useFormContext } from 'react-hook-form';
import type { Api } from '../api';
import { costOf, type StripePrice } from './plan';
import { PriceLine, StripeAway, usePrices } from './prices';

/** What an id of a price may look like; the server has the same rule. */
const ID = /^[\w-]{3,64}$/;

function useSearch(q: string) {
  const api = useDataProvider<Api>();
  const queries = useQueryClient();
  const { data, error, isFetching, refetch } = useQuery<{ results: StripePrice[]; more: boolean }, HttpError>({
    queryKey: ['stripe-prices', 'q', q],
    queryFn: () => api.stripePrices({ q }),
    retry: false,
    staleTime: 30_000,
    placeholderData: (last) => last,
  });
  /** What was made at Stripe just now is not in what was read a while ago. */
  const readAgain = async () => {
    await api.stripePrices({ q: '', fresh: true }).catch(() => undefined);
    await queries.invalidateQueries({ queryKey: ['stripe-prices'] });
  };
  const found = data?.results ?? [];
  return { found, more: data?.more ?? false, error, isFetching, again: () => void refetch(), readAgain };
}

interface AddProps {
  chosen: readonly string[];
  add: (id: string, price?: StripePrice) => void;
}

/** Finds a price by its product, nickname, lookup key or id; an id can be pasted whatever Stripe says. */
function AddPrice({ chosen, add }: AddProps) {
  const record = useRecordContext();
  const [typed, setTyped] = useState('');
  const [fault, setFault] = useState('');
  const { found, more, error, isFetching, again, readAgain } = useSearch(typed.trim());
  const take = (given: StripePrice | string | null) => {
    if (!given) return;
    const id = typeof given === 'string' ? given.trim() : given.id;
    if (!ID.test(id)) return setFault('Choose one of the list, or paste the id of a price, such as price_1Abc.');
    setFault('');
    setTyped('');
    add(id, typeof given === 'string' ? undefined : given);
  };
  return (
    <>
      <Autocomplete<StripePrice, false, false, true>
        freeSolo
        value={null}
        inputValue={typed}
        options={found.filter(({ id }) => !chosen.includes(id))}
        loading={isFetching}
        filterOptions={(all) => all}
        getOptionLabel={(one) => (typeof one === 'string' ? one : one.id)}
        getOptionDisabled={({ planId }) => planId !== null && planId !== record?.id}
        onInputChange={(_event, text, reason) => reason !== 'reset' && setTyped(text)}
        onChange={(_event, given) => take(given)}
        renderOption={({ key: _key, ...props }, price) => (
          <li key={price.id} {...props}>
            <PriceLine id={price.id} price={price} ownPlanId={record?.id ? String(record.id) : undefined} />
          </li>
        )}
        renderInput={(params) => (
          <TextField
            {...params}
            label="Add a price of Stripe’s"
            error={fault !== ''}
            helperText={
              fault ||
              (more
                ? 'There are more: type a product, a nickname, a lookup key or an id.'
                : 'Type a product, a nickname or a lookup key, or paste an id and press Enter.')
            }
          />
        )}
      />
      <Button size="small" sx={{ justifySelf: 'start' }} onClick={readAgain}>
        Read Stripe’s prices again
      </Button>
      {error && (
        <StripeAway error={error} again={again} more="Ids can be pasted all the same, and what is saved stays." />
      )}
    </>
  );
}

/** The prices that earn the plan, picked from the Stripe account. */
export function PricesInput({ source }: { source: string }) {
  const { field, fieldState } = useInput({ source, defaultValue: [] });
  const { setValue, getValues } = useFormContext();
  const record = useRecordContext();
  const ids = (field.value ?? []) as string[];
  const { prices, isFetching } = usePrices(ids);
  const [picked, setPicked] = useState<StripePrice>();
  const add = (id: string, price?: StripePrice) => {
    if (!ids.includes(id)) field.onChange([...ids, id]);
    setPicked(price);
  };
  const text = picked && costOf(picked);
  return (
    <Box sx={{ width: '100%', display: 'grid', gap: 1, mt: 1.5, mb: 2 }}>
      <Typography variant="body2" sx={{ fontWeight: 560 }}>
        Stripe prices
      </Typography>
      {ids.length === 0 && (
        <Typography variant="body2" color="textSecondary">
          None yet. A price earns exactly one plan.
        </Typography>
      )}
      {ids.map((id) => (
        <Box key={id} sx={{ display: 'flex', gap: 1, alignItems: 'flex-start' }}>
          <PriceLine
            id={id}
            price={prices.get(id)}
            missing={isFetching ? 'Asking Stripe …' : 'Stripe tells nothing of it'}
            ownPlanId={record?.id ? String(record.id) : undefined}
          />
          <IconButton
            size="small"
            aria-label={`Remove ${id}`}
            onClick={() => field.onChange(ids.filter((one) => one !== id))}
          >
            <DeleteIcon fontSize="small" />
          </IconButton>
        </Box>
      ))}
      <AddPrice chosen={ids} add={add} />
      {text && getValues('priceText') !== text && (
        <Button
          size="small"
          sx={{ justifySelf: 'start' }}
          onClick={() => {
            setValue('priceText', text, { shouldDirty: true });
            setPicked(undefined);
          }}
        >
          Show the price as “{text}”
        </Button>
      )}
      {fieldState.error?.message && <FormHelperText error>{fieldState.error.message}</FormHelperText>}
    </Box>
  );
}
