import WonIcon from '@mui/icons-material/CheckCircle';
import SilentIcon from '@mui/icons-material/DoNotDisturbOnOutlined';
import LostIcon from '@mui/icons-material/RadioButtonUnchecked';
import { Link as Anchor, Box, Typography } from '@mui/material';
import { Link } from 'react-router-dom';
import { layerPriceText } from '../../../../domain/layer-price';
import { Day } from '../../parts/fields';
import type { ToldLayer } from './explanation';
import { AtStripe, OriginLine } from './OriginLine';

const standingOf = ({ won, counts }: ToldLayer) => {
  if (won) return { Icon: WonIcon, colour: 'success.main', word: 'Wins' };
  return counts
    ? { Icon: LostIcon, colour: 'text.secondary', word: 'Counts, but loses' }
    : { Icon: SilentIcon, colour: 'text.secondary', word: 'Does not count' };
};

/** What a layer is, with the page that it has here. */
function Name({ layer: { layer, id } }: { layer: ToldLayer }) {
  if (layer === 'base') return <>Base plan</>;
  const [resource, what] = layer === 'override' ? ['overrides', 'Override'] : ['subscriptions', 'Subscription'];
  return (
    <>
      {what}{' '}
      <Anchor component={Link} to={`/${resource}/${id}/show`}>
        <code>{id}</code>
      </Anchor>
    </>
  );
}

function priceText({ layer, price, planKind }: ToldLayer): string {
  if (price) return layerPriceText(price);
  if (layer === 'subscription') return 'Price not known';
  if (layer === 'override') return 'Granted, not charged';
  return planKind === 'custom' ? 'By contract' : 'Free of charge';
}

const ends = ({ end, reasonCode, layer }: ToldLayer) => {
  if (!end) return null;
  const word = reasonCode === 'in-grace' ? 'Grace ends' : reasonCode === 'override-ended' ? 'Ended' : 'Ends';
  return { word: layer === 'base' ? 'Ends' : word, at: end };
};

function Term({ layer }: { layer: ToldLayer }) {
  const end = ends(layer);
  if (end)
    return (
      <>
        {end.word} <Day value={end.at} />
      </>
    );
  if (layer.periodEnd && layer.counts)
    return (
      <>
        Renews <Day value={layer.periodEnd} />
      </>
    );
  return <>{layer.layer === 'base' ? 'No end' : '—'}</>;
}

const capital = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
const BROUGHT = { override: 'Granted', subscription: 'Last changed', base: 'Set' } as const;

/** One layer of a decision: what it said, what became of it, its price, its end and its source. */
export function LayerRow({ layer }: { layer: ToldLayer }) {
  const { Icon, colour, word } = standingOf(layer);
  return (
    <Box
      component="li"
      sx={{
        display: 'grid',
        gridTemplateColumns: { xs: '24px minmax(0, 1fr)', md: '24px minmax(0, 1fr) 190px' },
        columnGap: 1.5,
        rowGap: 0.5,
        px: 2,
        py: 1.5,
        borderTop: 1,
        borderColor: 'divider',
      }}
    >
      <Icon aria-hidden sx={{ color: colour, fontSize: 22, mt: '1px' }} />
      <Box sx={{ minWidth: 0 }}>
        <Typography component="p" variant="body2" sx={{ overflowWrap: 'anywhere' }}>
          <Box component="span" sx={{ fontWeight: 650, color: layer.counts ? 'text.primary' : 'text.secondary' }}>
            {layer.planName ?? 'No plan'}
          </Box>
          {' · '}
          <Name layer={layer} />
        </Typography>
        <Typography variant="body2" sx={{ overflowWrap: 'anywhere' }}>
          <Box component="span" sx={{ color: colour, fontWeight: 560 }}>
            {word}
          </Box>
          : {capital(layer.why)}
        </Typography>
        <Typography variant="caption" color="textSecondary" component="p" sx={{ overflowWrap: 'anywhere' }}>
          <OriginLine origin={layer.origin} verb={BROUGHT[layer.layer]} />
          {layer.stripeUrl && ' · '}
          <AtStripe url={layer.stripeUrl} />
          {layer.customerUrl && ' · '}
          <AtStripe url={layer.customerUrl} what="Customer" />
        </Typography>
      </Box>
      <Box sx={{ gridColumn: { xs: 2, md: 3 }, textAlign: { md: 'right' } }}>
        <Typography variant="body2" sx={{ fontVariantNumeric: 'tabular-nums' }}>
          {priceText(layer)}
        </Typography>
        <Typography variant="caption" color="textSecondary" component="p">
          <Term layer={layer} />
        </Typography>
      </Box>
    </Box>
  );
}
