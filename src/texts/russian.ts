import type { Texts } from './english.ts';
import { makePluralize } from './plural.ts';
import { RUSSIAN_FAILURES } from './russian-failures.ts';
import { RUSSIAN_QA } from './russian-qa.ts';
import { describeTimeLeft } from './time-left.ts';

const plural = makePluralize('ru', ['one', 'few', 'many', 'other']);

export const RUSSIAN: Texts = {
  windowTitle: ({ app }) => `Обновление ${app}`,

  idle: {
    title: ({ app }) => `Обновления ${app}`,
    text: ({ app }) =>
      `Приложение ${app} время от времени проверяет обновления само. Можно проверить и сейчас.`,
  },
  checking: {
    title: 'Проверка обновлений…',
    progress: 'Проверка обновлений',
  },
  upToDate: {
    title: () => 'Обновление не требуется',
    text: ({ version }) => `${version} — самая новая версия.`,
  },
  available: {
    title: ({ app, version }) => `Доступно обновление ${app} ${version}`,
    text: ({ current }) => `У вас версия ${current}. Во время загрузки можно продолжать работу.`,
    announcement: ({ app, version, size }) =>
      `Доступно обновление ${app} ${version}. Размер загрузки: ${size}.`,
  },
  critical: {
    badge: 'Важно',
    text: 'Эта версия исправляет серьёзную ошибку. Установите её поскорее.',
  },
  downloading: {
    title: ({ app, version }) => `Загрузка ${app} ${version}`,
    paused: ({ app, version }) => `Загрузка ${app} ${version} приостановлена`,
    pausedText: 'Она продолжится с того же места, как только вы её возобновите.',
    waiting: 'Ожидание данных…',
    progress: 'Загрузка',
    amount: ({ transferred, total }) => `${transferred} из ${total}`,
    spoken: ({ percent, transferred, total }) => `${percent}, ${transferred} из ${total}`,
    milestone: ({ percent }) => `Загружено ${percent}`,
  },
  timeLeft: (seconds) => {
    const left = describeTimeLeft(seconds);
    switch (left.unit) {
      case 'moment':
        return 'Осталось совсем немного';
      case 'second':
        return plural(left.count, {
          one: 'Осталась примерно # секунда',
          few: 'Осталось примерно # секунды',
          many: 'Осталось примерно # секунд',
          other: 'Осталось примерно # секунды',
        });
      case 'minute':
        return plural(left.count, {
          one: 'Осталась примерно # минута',
          few: 'Осталось примерно # минуты',
          many: 'Осталось примерно # минут',
          other: 'Осталось примерно # минуты',
        });
      case 'hour':
        return plural(left.count, {
          one: 'Остался примерно # час',
          few: 'Осталось примерно # часа',
          many: 'Осталось примерно # часов',
          other: 'Осталось примерно # часа',
        });
      case 'day':
        return 'Осталось больше суток';
    }
  },
  verifying: {
    title: ({ app, version }) => `Проверка ${app} ${version}`,
    progress: 'Проверка обновления',
    steps: {
      opening: 'Открываем загруженный файл',
      verifying: 'Проверяем, что обновление подлинное и работает на этом Mac',
      staging: 'Готовим обновление к установке',
    },
  },
  ready: {
    title: ({ app, version }) => `Обновление ${app} ${version} готово`,
    text: ({ app }) => `Приложение ${app} перезапустится, это займёт несколько секунд.`,
    onQuit: ({ app }) => `Если не хотите прерываться, обновление установится, когда вы завершите ${app}.`,
    password: ({ app }) =>
      `macOS спросит имя и пароль администратора. Затем приложение ${app} перезапустится.`,
  },
  installing: {
    title: ({ app, version }) => `Установка ${app} ${version}`,
    text: ({ app }) => `Приложение ${app} закроется и откроется само. Пожалуйста, не выключайте Mac.`,
    progress: 'Установка обновления',
  },
  held: {
    rollout: {
      title: ({ app, version }) => `${app} ${version} скоро будет у вас`,
      meaning: 'Новые версии выходят постепенно. Скоро очередь дойдёт и до вас, ничего делать не нужно.',
      advice: 'Если не хотите ждать, проверьте сейчас и получите обновление сразу.',
    },
    'skipped-by-user': {
      title: ({ app, version }) => `Вы пропустили ${app} ${version}`,
      meaning: 'Эта версия больше не предлагается. Следующая будет предложена.',
      advice: 'Если она всё же нужна, проверьте обновления ещё раз.',
    },
    'os-too-old': {
      title: ({ app, version }) => `Для ${app} ${version} нужна более новая macOS`,
      meaning: ({ minimumOs }) =>
        minimumOs === null
          ? 'Эта версия не работает с macOS этого Mac. Ваша версия продолжает работать.'
          : `Нужна macOS ${minimumOs} или новее. Ваша версия продолжает работать.`,
      advice: 'Обновить macOS можно в Системных настройках: «Основные», «Обновление ПО».',
    },
    'arch-unsupported': {
      title: ({ app, version }) => `${app} ${version} не для этого Mac`,
      meaning: 'Эта версия сделана для Mac с другим процессором. Ваша версия продолжает работать.',
      advice: 'Вам ничего не нужно делать. Если версия сделана для Intel, поможет установка Rosetta.',
    },
    'artifact-refused-before': {
      title: ({ app, version }) => `${app} ${version} пока не устанавливается`,
      meaning:
        'Эту версию уже пришлось убрать, или она оказалась не той, что была объявлена. Ваша версия продолжает работать.',
      advice:
        'Вам ничего не нужно делать: следующая версия будет предложена как обычно. Если эту версию пришлось убрать, её можно попробовать ещё раз: проверьте обновления снова.',
    },
    other: {
      title: ({ app, version }) => `${app} ${version} здесь не устанавливается`,
      meaning: ({ current }) => `У вас остаётся версия ${current}, она продолжает работать.`,
      advice: 'Вам ничего не нужно делать.',
    },
  },
  managed: {
    title: 'Обновлениями управляет администратор',
    text: ({ app }) =>
      `Администратор этого Mac отключил обновления в приложении ${app} и сам устанавливает новые версии.`,
    advice: 'Если нужна более новая версия, обратитесь к администратору.',
  },
  installed: {
    title: ({ app, version }) => `Установлена версия ${app} ${version}`,
    text: ({ from }) => `Раньше у вас была ${from}.`,
  },
  rolledBack: {
    title: ({ app, from }) => `Возвращена версия ${app} ${from}`,
    reasons: {
      'failed-starts': ({ app, from, to }) =>
        `Приложение ${app} ${to} дважды неожиданно завершилось, поэтому возвращена версия ${from}. Ваши данные не затронуты.`,
      requested: ({ from, to }) => `По вашей просьбе вместо версии ${to} снова установлена ${from}.`,
      interrupted: ({ from, to }) => `Обновление до ${to} прервалось, поэтому возвращена версия ${from}.`,
      'package-failed': ({ from, to }) =>
        `Версию ${to} не удалось установить, поэтому возвращена версия ${from}.`,
    },
    advice: ({ to }) =>
      `В ближайшие дни версия ${to} не будет устанавливаться сама. Чтобы попробовать её сейчас, проверьте обновления.`,
    retry: 'Чтобы попробовать ещё раз, проверьте обновления.',
  },

  facts: {
    version: 'Версия',
    update: 'Версия обновления',
    size: 'Размер',
    released: 'Дата выпуска',
    installed: 'Установленная версия',
    checked: 'Последняя проверка',
    never: 'Не было',
    when: ({ ago, date }) => `${ago} (${date})`,
    channel: 'Канал обновлений',
    channelManaged: 'Выбран администратором этого Mac.',
  },
  channels: { stable: 'Стабильный', beta: 'Бета' },
  notes: {
    title: ({ version }) => `Что нового в ${version}`,
    table: 'Таблица',
    cut: 'Остальная часть описания слишком длинная и здесь не показана.',
    opens: ({ url }) => `Откроется в браузере: ${url}`,
  },
  failures: RUSSIAN_FAILURES,
  details: {
    summary: 'Подробнее',
    code: ({ code }) => `Код: ${code}`,
    when: ({ date }) => `Когда: ${date}`,
  },
  trouble: {
    title: 'Не удаётся показать обновление',
    meaning: 'Окно и приложение не понимают друг друга. Само приложение продолжает работать.',
    advice: 'Закройте окно и откройте снова. Если не поможет, перезапустите приложение.',
    request: 'Не получилось. Повторите попытку.',
    copied: 'Отчёт скопирован.',
  },

  buttons: {
    check: 'Проверить обновления',
    checkAgain: 'Проверить ещё раз',
    checkNow: 'Проверить сейчас',
    tryAgain: 'Повторить',
    download: 'Загрузить обновление',
    downloadName: ({ app, version }) => `Загрузить обновление до ${app} ${version}`,
    skip: 'Пропустить версию',
    skipName: ({ version }) => `Пропустить версию ${version}`,
    later: 'Позже',
    laterName: 'Позже: закрыть это окно',
    pause: 'Приостановить',
    pauseName: 'Приостановить загрузку',
    resume: 'Возобновить',
    resumeName: 'Возобновить загрузку',
    cancel: 'Отменить',
    cancelName: 'Отменить обновление',
    restart: 'Перезапустить сейчас',
    restartName: ({ app, version }) => `Перезапустить сейчас и установить ${app} ${version}`,
    authorize: 'Ввести пароль…',
    authorizeName: ({ app, version }) => `Ввести пароль… и установить ${app} ${version}`,
    onQuit: 'При завершении',
    onQuitName: ({ app, version }) => `При завершении ${app} установить ${version}`,
    move: 'Переместить в «Программы»',
    moveName: ({ app }) => `Переместить в «Программы» и снова открыть ${app}`,
    openSettings: 'Системные настройки',
    openSettingsName: 'Системные настройки: открыть «Управление приложениями»',
    copyReport: 'Скопировать отчёт',
    copyReportName: 'Скопировать отчёт об этой неполадке',
    close: 'Закрыть',
    closeName: 'Закрыть это окно',
    done: 'Готово',
  },

  menu: {
    check: 'Проверить обновления…',
    checking: 'Проверка обновлений…',
    downloading: ({ percent }) => `Загрузка обновления (${percent})…`,
    restart: 'Перезапустить и обновить',
    restartTo: ({ version }) => `Перезапустить и обновить до ${version}`,
    channel: 'Канал обновлений',
    about: ({ app }) => `О приложении ${app}`,
    quit: ({ app }) => `Завершить ${app}`,
  },
  notifications: {
    available: ({ app, version }) => ({
      title: `Доступно обновление ${app} ${version}`,
      body: 'Нажмите, чтобы узнать, что нового.',
    }),
    ready: ({ app, version }) => ({
      title: `Обновление ${app} ${version} готово`,
      body: 'Обновление можно установить сейчас.',
    }),
    readyOnQuit: ({ app, version }) => ({
      title: `Обновление ${app} ${version} готово`,
      body: `Обновление установится, когда вы завершите ${app}.`,
    }),
    readyCritical: ({ app, version }) => ({
      title: `Важно: обновление ${app} ${version} готово`,
      body: 'Оно исправляет серьёзную ошибку. Перезапустите приложение поскорее, чтобы его установить.',
    }),
    installed: ({ app, version }) => ({
      title: `Установлена версия ${app} ${version}`,
      body: 'Нажмите, чтобы узнать, что нового.',
    }),
    rolledBack: ({ app, from }) => ({
      title: `Возвращена версия ${app} ${from}`,
      body: 'Нажмите, чтобы узнать почему.',
    }),
  },
  qa: RUSSIAN_QA,
};
